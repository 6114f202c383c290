import { defaultLimits } from '@aideals/protocol';
import { harmless } from '../terminal-text.js';
import { UserError } from '../user-error.js';
import { inBatches } from './batches.js';
import { parseEvent, type ReadingOptions } from './event.js';
import { readLines } from './lines.js';
import type { Tally } from './progress.js';
import { type Receipt, Refusal, type Sender } from './sender.js';

export interface PublishOptions extends ReadingOptions {
  readonly batch: number;
  readonly keepGoing: boolean;
}

/** One line of the input that is an event, or is none. */
type Entry = { readonly line: number } & ({ readonly json: string } | { readonly problem: string });
type Event = Entry & { readonly json: string };

/** Of one request: so much is sent again where a connection breaks. */
const BATCH_BYTES = 4 * defaultLimits.bodyBytes;

const sizeOf = (entry: Entry): number => ('json' in entry ? Buffer.byteLength(entry.json) + 1 : 0);

async function* entries(source: AsyncIterable<Uint8Array>, options: ReadingOptions): AsyncGenerator<Entry, void, void> {
  for await (const line of readLines(source, defaultLimits.bodyBytes)) {
    yield 'problem' in line
      ? { line: line.number, problem: line.problem }
      : { line: line.number, ...parseEvent(line.text, options) };
  }
}

class Stopped extends Error {}

/**
 * Publishes the lines of `source` in their order. A line that is no event, or that the server refuses, is told by its
 * number; without `keepGoing` nothing after it is sent. Throws a UserError when the server cannot be reached or refuses the
 * publisher as such; `tally` says how far it came in any case.
 */
export const publish = async (
  source: AsyncIterable<Uint8Array>,
  options: PublishOptions,
  sender: Sender,
  report: { readonly say: (text: string) => void; readonly update: (tally: Tally) => void },
  tally: Tally,
): Promise<void> => {
  const bad = (line: number, problem: string): void => {
    tally.badLines++;
    // The problem may quote the line, and that may come from anywhere.
    report.say(`line ${line}: ${harmless(problem)}`);
    if (!options.keepGoing) throw new Stopped();
  };

  const count = ({ published, delivered, total }: Receipt): void => {
    tally.requests++;
    tally.published += published;
    tally.delivered += delivered;
    tally.matched += total;
    report.update(tally);
  };

  /** Sends events, without those that the server names as wrong. */
  const sendAll = async (events: readonly Event[]): Promise<void> => {
    let left = events;
    while (left.length > 0) {
      try {
        count(await sender.send(left.map((event) => event.json)));
        return;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { wrong } = error;
        const event = wrong === undefined ? undefined : left[wrong.index];
        if (wrong === undefined || event === undefined) throw new UserError(error.message);
        count(wrong.before);
        bad(event.line, wrong.problem);
        left = left.slice(wrong.index + 1);
      }
    }
  };

  const bounds = { items: options.batch, bytes: BATCH_BYTES };
  try {
    for await (const batch of inBatches(entries(source, options), sizeOf, bounds)) {
      const events: Event[] = [];
      for (const entry of batch) {
        if ('json' in entry) events.push(entry);
        else {
          if (!options.keepGoing) await sendAll(events);
          bad(entry.line, entry.problem);
        }
      }
      await sendAll(events);
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
};
