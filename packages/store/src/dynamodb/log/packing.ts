import type { Kept } from './items.js';
import { BLOCK } from './items.js';

/** What one item holds at most; a single event may be larger. */
const ITEM_EVENTS = 100;
const ITEM_BYTES = 300_000;

/** DynamoDB takes items up to 400 KB, names and keys counted too. */
const EVENT_BYTES = 390_000;

/** A list of events that was given to `append`, with what it weighs. */
export interface Packed {
  readonly events: readonly Kept[];
  readonly bytes: number;
}

const bytesOf = ({ text }: Kept): number => Buffer.byteLength(text) + 4;

/** Throws a `RangeError` where the log cannot hold the list. */
export const packed = (events: readonly Kept[]): Packed => {
  if (events.length > BLOCK) {
    throw new RangeError(`events must be up to ${BLOCK} in one append; these are ${events.length}`);
  }
  let bytes = 0;
  for (const [i, event] of events.entries()) {
    const size = bytesOf(event);
    if (size > EVENT_BYTES) {
      throw new RangeError(`events[${i}] must be up to ${EVENT_BYTES} bytes as JSON; this one has ${size}`);
    }
    bytes += size;
  }
  return { events, bytes };
};

/** Whether two lists fit into one item. */
export const fitTogether = (a: Packed, b: Packed): boolean =>
  a.events.length + b.events.length <= ITEM_EVENTS && a.bytes + b.bytes <= ITEM_BYTES;

/** The events in portions, each of which fits into one item. */
export const portions = ({ events }: Packed): Kept[][] => {
  const made: Kept[][] = [];
  let portion: Kept[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = bytesOf(event);
    if (portion.length > 0 && (portion.length >= ITEM_EVENTS || bytes + size > ITEM_BYTES)) {
      made.push(portion);
      portion = [];
      bytes = 0;
    }
    portion.push(event);
    bytes += size;
  }
  if (portion.length > 0) made.push(portion);
  return made;
};
