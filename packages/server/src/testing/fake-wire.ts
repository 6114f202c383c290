import { Batcher } from '../socket/batcher.js';
import type { Agreed } from '../socket/encoding.js';
import { Flusher } from '../socket/flusher.js';
import { Joiner } from '../socket/joiner.js';
import { Outbox, type OutboxSettings, type Wire } from '../socket/outbox.js';
import { readFrames } from './read-frames.js';

/** A socket that takes what it is given at once, until told to stop. */
export class FakeWire implements Wire {
  buffered = 0;
  readonly writes: Uint8Array[] = [];
  closedWith: readonly [number, string] | undefined;
  isReading = true;
  onTaken = (): void => undefined;

  write(bytes: Uint8Array): boolean {
    this.writes.push(bytes);
    if (this.isReading) return true;
    this.buffered += bytes.length;
    return false;
  }

  close(code: number, reason: string): void {
    this.closedWith = [code, reason];
  }

  /** The peer reads all that was handed over. */
  take(): void {
    this.buffered = 0;
    this.onTaken();
  }

  /** The JSON texts that were written. */
  get texts(): string[] {
    return readFrames(Buffer.concat(this.writes)).messages;
  }
}

export const sharedSettings = (over: Partial<OutboxSettings> = {}): OutboxSettings => ({
  softBytes: 262_144,
  hardBytes: 1_048_576,
  flusher: new Flusher(),
  joiner: new Joiner(),
  batcher: new Batcher(),
  counters: { frames: 0, bytes: 0, writes: 0, conflated: 0 },
  ...over,
});

export const fakeOutbox = (over: Partial<OutboxSettings> = {}, agreed?: Agreed) => {
  const wire = new FakeWire();
  const settings = sharedSettings(over);
  return { wire, settings, outbox: new Outbox(wire, settings, agreed) };
};

/** The end of this tick, and of one round of the event loop. */
export const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
export const round = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
