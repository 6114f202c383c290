import { ALL_DEALS, type Filters } from '@aideals/protocol';
import { reaches } from '../delivery/fan-out.js';
import { attributesOf, compile } from '../match/matches.js';
import type { Lost, Ports } from '../ports/index.js';

export interface PreviewRequest {
  readonly topic: string;
  readonly filters: Filters;
  readonly lastEventId: string | undefined;
}

export interface Preview {
  readonly matched: number;
  readonly seen: number;
  readonly lastEventId: string;
  readonly complete: boolean;
  readonly lost?: Lost;
}

/** Events that one preview looks at: some milliseconds of work. */
const MOST = 2_000;
const PAGE = 256;
/** Where the log has no index by topic, pages may be empty: they are work all the same. */
const MOST_PAGES = 16;

/** How many of the retained events of a topic filters would have matched, from the oldest or from a position on. */
export const preview = async (ports: Pick<Ports, 'streams'>, request: PreviewRequest): Promise<Preview> => {
  const { streams } = ports;
  const { topic, filters, lastEventId } = request;
  const holds = compile(filters);
  const until = await streams.top();
  const located = lastEventId === undefined ? { after: 0 } : await streams.locate(lastEventId);
  const selected = topic === ALL_DEALS ? {} : { topic };
  let { after } = located;
  let lost = located.lost;
  let seen = 0;
  let matched = 0;
  for (let pages = 0; after < until && seen < MOST && pages < MOST_PAGES; pages += 1) {
    const page = await streams.read({ after, until, limit: Math.min(PAGE, MOST - seen), ...selected });
    if (!page.covered) {
      // Where it was asked for all that is there, what is there begins later; else something is missing.
      const oldest = await streams.locate(streams.idOf(after));
      if (lastEventId !== undefined) lost ??= oldest.lost;
      if (oldest.after <= after) break;
      after = Math.min(oldest.after, until);
      continue;
    }
    for (const event of page.events) {
      seen += 1;
      if (reaches(event.topic).includes(topic) && holds(attributesOf(event))) matched += 1;
    }
    after = page.end;
  }
  return {
    matched,
    seen,
    lastEventId: streams.idOf(after),
    complete: after >= until,
    ...(lost === undefined ? {} : { lost }),
  };
};
