import { defaultLimits } from '@aideals/protocol';
import { harmless } from '../terminal-text.js';
import { UserError } from '../user-error.js';
import { inBatches } from './batches.js';
import { parseEvent, type ReadingOptions } from './event.js';
import { readLines } from './lines.js';
import type { Tally } from './progress.js';
import { Refusal, type Sender } from './sender.js';

export interface PublishOptions extends ReadingOptions {
  readonly batch: number;
  readonly keepGoing: boolean;
}

/** One line of the input that is an event, or is none. */
type Entry = { readonly line: number } & ({ readonly json: string } | { readonly problem: string });
type Event = Entry & { readonly json: string };

// The brackets and commas of the list, and room for a server whose bound is a little lower.
const BATCH_BYTES = Math.floor(defaultLimits.bodyBytes * 0.9);

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

  /** Sends a list, without those events that the server names as wrong. */
  const sendAll = async (events: readonly Event[]): Promise<void> => {
    if (events.length === 0) return;
    try {
      const receipts = await sender.send(events.map((event) => event.json));
      tally.requests++;
      tally.published += events.length;
      for (const receipt of receipts) {
        tally.delivered += receipt.delivered;
        tally.matched += receipt.total;
      }
      report.update(tally);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      tally.requests++;
      await sendWithout(events, error);
    }
  };

  const sendWithout = async (events: readonly Event[], refusal: Refusal): Promise<void> => {
    const [only] = events;
    const named = [...refusal.events.keys()].filter((index) => index < events.length).sort((a, b) => a - b);
    const [first] = named;
    if (first !== undefined) {
      // A list is published whole or not at all: what stands before the first wrong event has yet to go out.
      if (!options.keepGoing) await sendAll(events.slice(0, first));
      for (const index of named) bad(events[index]?.line ?? 0, refusal.events.get(index) ?? refusal.message);
      await sendAll(events.filter((_, index) => !refusal.events.has(index)));
    } else if (refusal.status === 413 && events.length > 1) {
      const middle = Math.ceil(events.length / 2);
      await sendAll(events.slice(0, middle));
      await sendAll(events.slice(middle));
    } else if (only && events.length === 1 && (refusal.status === 400 || refusal.status === 413)) {
      bad(only.line, refusal.message);
    } else {
      throw new UserError(refusal.message);
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
