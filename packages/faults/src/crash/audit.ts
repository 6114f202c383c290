import type { Findings } from '../findings.js';
import { offsetOf } from '../wire/event-id.js';
import type { Book, Publication } from './book.js';
import type { Follower, Stretch } from './follower.js';
import type { LoggedEvent } from './log-reader.js';

const EVENTS = '/v1/broadcast';

/** What the log holds, to be asked by id and by tag. */
export class Truth {
  readonly events: readonly LoggedEvent[];
  readonly byId: ReadonlyMap<string, LoggedEvent>;

  constructor(events: readonly LoggedEvent[]) {
    this.events = events;
    this.byId = new Map(events.map((event) => [event.id, event]));
  }

  get end(): number {
    return this.events.at(-1)?.offset ?? 0;
  }

  /** The events past one offset and up to another. */
  between(after: number, until: number): readonly LoggedEvent[] {
    const first = this.events[0]?.offset ?? 1;
    return this.events.slice(Math.max(0, after + 1 - first), Math.max(0, until + 1 - first));
  }
}

const auditConfirmed = ({ ids = [], tags, floor }: Publication, truth: Truth, findings: Findings): void => {
  const what = tags.join(' ');
  for (const [i, id] of ids.entries()) {
    findings.hold(
      truth.byId.get(id)?.data['tag'] === tags[i],
      'a confirmed event is in the log, under its id',
      () => `${tags[i]} was confirmed as ${id}, where there is ${truth.byId.get(id)?.data['tag'] ?? 'nothing'}`,
    );
  }
  const offsets = ids.map(offsetOf);
  const first = offsets[0] ?? 0;
  findings.hold(
    ids.length === tags.length && offsets.every((offset, i) => offset === first + i),
    'the ids of a list follow one another',
    () => `${what}: ${ids.join(' ')}`,
  );
  findings.hold(
    first > floor,
    'an event that is published after another was confirmed has a higher id',
    () => `${what} has ${first}, and ${floor} was confirmed before it was first sent`,
  );
};

/** The log against what publishers were told. */
export const auditLog = (book: Book, truth: Truth, origin: string, findings: Findings): void => {
  for (const [i, { id, offset }] of truth.events.entries()) {
    findings.hold(
      offset === offsetOf(origin) + 1 + i,
      'offsets are dense',
      () => `${id} is event ${i + 1} after ${origin}`,
    );
  }
  const seen = new Map<string, string>();
  for (const { id, data } of truth.events) {
    const tag = String(data['tag']);
    findings.hold(!seen.has(tag), 'an event is in the log once', () => `${tag} is ${seen.get(tag)} and ${id}`);
    seen.set(tag, id);
  }
  for (const publication of book.publications) {
    if (publication.path !== EVENTS) continue;
    const { ids, tags } = publication;
    if (ids !== undefined) auditConfirmed(publication, truth, findings);
    const there = tags.filter((tag) => seen.has(tag)).length;
    findings.hold(
      there === 0 || there === tags.length,
      'a list is stored as a whole or not at all',
      () => `${there} of ${tags.join(' ')}`,
    );
  }
};

/** How far a follower has everything, and how many events it saw that are gone from the log. */
interface Reach {
  until: number;
  gone: number;
}

/** What a stretch should have brought, against what it brought. */
const auditStretch = (
  follower: Follower,
  { ids, after, asked, lost }: Stretch,
  truth: Truth,
  findings: Findings,
  reach: Reach,
): void => {
  const { name, matches } = follower.options;
  const from = offsetOf(after);
  findings.hold(
    lost === undefined || (lost['reason'] === 'epoch' && !truth.byId.has(asked ?? '') && offsetOf(asked ?? '-0') > 0),
    'a position that the log still has is covered',
    () => `${name} asked from ${asked} and was told ${JSON.stringify(lost)}`,
  );
  const skipped = truth.between(reach.until, asked === undefined ? 0 : from).filter(matches);
  findings.hold(
    skipped.length === 0,
    'a cursor lies behind nothing that did not come',
    () => `${name} asked from ${asked}, and never got ${skipped[0]?.id}`,
  );
  // What a kill took back was the last that came.
  const kept = ids.slice(0, ids.findLastIndex((id) => truth.byId.has(id)) + 1);
  const until = Math.max(from, offsetOf(kept.at(-1) ?? after));
  const expected = truth.between(from, until).filter(matches);
  const wrong = expected.findIndex(({ id }, i) => kept[i] !== id);
  findings.hold(
    kept.length === expected.length && wrong < 0,
    'a subscription brings exactly what matches, in order, each once',
    () =>
      `${name} after ${after}: ${kept.length} events for ${expected.length}; ` +
      `at ${wrong} it has ${kept[wrong]} for ${expected[wrong]?.id}`,
  );
  reach.until = Math.max(reach.until, until);
  reach.gone += ids.length - kept.length;
};

/** What a follower got, against the log; gives the number of events that it saw and that are gone. */
export const auditFollower = (follower: Follower, truth: Truth, findings: Findings): number => {
  const reach: Reach = { until: 0, gone: 0 };
  for (const stretch of follower.stretches) auditStretch(follower, stretch, truth, findings, reach);
  const behind = truth.between(reach.until, truth.end).filter(follower.options.matches);
  findings.hold(
    behind.length === 0,
    'in the end a subscription has come to the end',
    () => `${follower.options.name} has all to ${reach.until}, and never got ${behind[0]?.id}`,
  );
  return reach.gone;
};

/** Conversations have no holes. */
export const auditConversations = (book: Book, findings: Findings): void => {
  for (const conversation of book.conversations) {
    const holes = book.holes(conversation);
    findings.hold(
      holes.length === 0,
      'the sequence of a conversation is dense',
      () => `${conversation} misses ${holes.slice(0, 5).join(', ')}`,
    );
  }
};
