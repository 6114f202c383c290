import type { Frame } from '@aideals/core';
import { type CloseCodeNumber, closeCodes } from '@aideals/protocol';
import type { Batcher } from './batcher.js';
import { type Agreed, conflatedFrame, deflated, encoded, frameCount, PLAIN } from './encoding.js';
import type { Flushable, Flusher } from './flusher.js';
import { FrameQueue } from './frame-queue.js';
import type { Hold } from './hold.js';
import type { Joiner } from './joiner.js';
import type { Run } from './run.js';

/** What an outbox writes to: a socket after its upgrade. */
export interface Wire {
  /** Bytes handed over that the system has not taken. */
  readonly buffered: number;
  /** Called when the system took what `write` did not get rid of at once. */
  onTaken: () => void;
  /** Hands over whole frames; true where the system took them at once. */
  write(bytes: Uint8Array): boolean;
  /** Sends a close frame behind what was handed over, and gives the peer a bounded time to answer it. */
  close(code: CloseCodeNumber, reason: string): void;
}

/** What all outboxes of a server share. */
export interface OutboxSettings {
  readonly softBytes: number;
  readonly hardBytes: number;
  readonly flusher: Flusher;
  readonly joiner: Joiner;
  readonly batcher: Batcher;
  readonly counters: { frames: number; bytes: number; writes: number; conflated: number };
}

const HANDED_BYTES = 65_536;
const MAX_CONTROLS = 32;
/** How long a close waits for what is queued. */
const FLUSH_MS = 5_000;

/**
 * The one ordered way out to a socket. Nothing else writes to it between upgrade and close. What waits is joined into one
 * write; only so much is handed to the socket at once that the rest can still be conflated; a reader that falls behind past
 * the hard mark is closed.
 */
export class Outbox implements Flushable {
  isSoon = false;
  isInTurn = false;
  /** Where deal events are held back during a replay. */
  held: Hold | undefined;
  /** Called once, when no more frames are taken; the code is ours, and undefined where the peer ended it. */
  onClosing: ((code: CloseCodeNumber | undefined) => void) | undefined;
  /** Grows with each write that the system took. */
  progress = 0;
  /** Grows with each message that was written. */
  written = 0;

  readonly #wire: Wire;
  readonly #shared: OutboxSettings;
  readonly #agreed: Agreed;
  /** Bytes that may be queued without a look at the socket: they cannot be too much. */
  readonly #atOnce: number;
  readonly #queue = new FrameQueue();
  #controls: Uint8Array[] = [];
  #conflated = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #code: CloseCodeNumber = 1000;
  #bound: NodeJS.Timeout | undefined;
  #onRoom: (() => void) | undefined;

  constructor(wire: Wire, shared: OutboxSettings, agreed: Agreed = PLAIN) {
    this.#wire = wire;
    wire.onTaken = () => this.#taken();
    this.#shared = shared;
    this.#agreed = agreed;
    this.#atOnce = Math.min(HANDED_BYTES, shared.hardBytes / 4);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Bytes on their way: queued here, or handed over and not yet taken. */
  get waiting(): number {
    return this.#queue.bytes + this.#wire.buffered;
  }

  get hasRoom(): boolean {
    return this.waiting < this.#shared.softBytes;
  }

  /** Calls back once, when there is room again. */
  whenRoom(call: () => void): void {
    this.#onRoom = call;
  }

  /** Takes a frame; false where it is closing, or closes because of it. It is written when the flusher says so. */
  push(frame: Frame): boolean {
    if (this.#state !== 'open') return false;
    if (this.held !== undefined && frame.offset !== undefined) {
      this.held.keep(frame);
      return true;
    }
    if (frame.key !== undefined && this.#queue.size > 0 && this.waiting > this.#shared.softBytes) {
      const older = this.#queue.takeOut(frame.key);
      this.#conflated += older;
      this.#shared.counters.conflated += older;
    }
    this.#queue.push(frame);
    if (this.#queue.bytes <= this.#atOnce) return true;
    // More than one write: what the system takes at once is no sign of a slow reader.
    this.flush();
    if (this.waiting <= this.#shared.hardBytes) return true;
    this.giveUp(4008);
    return false;
  }

  /** Takes frames that many others take as well. Where nothing waits they leave as one. */
  pushRun(run: Run): boolean {
    const isAlone = this.#queue.size === 0 && this.#wire.buffered === 0 && this.#conflated === 0;
    const { compression, takesBatches } = this.#agreed;
    // A batch of them may be worth compressing where each by itself is not.
    const isPlain = compression === undefined || (!takesBatches && run.longest < compression.from);
    if (this.#state === 'open' && this.held === undefined && isAlone && isPlain && run.bytes <= this.#atOnce) {
      this.#queue.push(takesBatches ? run.batched : run.frame);
      return true;
    }
    return run.frames.every((frame) => this.push(frame));
  }

  /** A ping, or the answer to one: leaves before what is queued. Only the latest are kept. */
  control(frame: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#controls.push(frame);
    if (this.#controls.length > MAX_CONTROLS) this.#controls.shift();
    this.#shared.flusher.soon(this);
  }

  flush(): void {
    while (this.#hasWork && this.#wire.buffered === 0) this.#write(this.#take());
    if (this.#state === 'closing' && this.#queue.size === 0) this.#finish();
    // Whoever waits for room may give more at once: not within the turn of another.
    if (this.#onRoom !== undefined) process.nextTick(() => this.#tellRoom());
  }

  /** The peer asked for the end: hands over all that waits, whether there is room or not. */
  flushAll(): void {
    if (this.#state === 'closed') return;
    while (this.#hasWork) this.#write(this.#take());
    this.end();
  }

  /** Takes no more frames, and closes when what is queued has left, or after a bounded time. */
  close(code: CloseCodeNumber): void {
    if (this.#state !== 'open') return;
    this.#begin(code);
    this.flush();
    if (this.isFinished) return;
    this.#bound = setTimeout(() => this.#finish(), FLUSH_MS);
    this.#bound.unref();
  }

  /** Closes now, and drops what is queued: the peer does not read, or is gone. */
  giveUp(code: CloseCodeNumber): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'open') this.#begin(code);
    this.#finish();
  }

  /** The socket is closed or closing by itself: nothing can be written any more. */
  end(): void {
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#clear();
    if (wasOpen) this.onClosing?.(undefined);
  }

  get #hasWork(): boolean {
    return this.#state !== 'closed' && (this.#queue.size > 0 || this.#controls.length > 0);
  }

  get isFinished(): boolean {
    return this.#state === 'closed';
  }

  #begin(code: CloseCodeNumber): void {
    this.#state = 'closing';
    this.#code = code;
    this.onClosing?.(code);
  }

  #finish(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#clear();
    this.#wire.close(this.#code, closeCodes[this.#code].reason);
  }

  #clear(): void {
    clearTimeout(this.#bound);
    this.#queue.clear();
    this.#controls = [];
    this.held = undefined;
    this.#onRoom = undefined;
  }

  #write(bytes: Uint8Array): void {
    this.#shared.counters.writes += 1;
    this.#shared.counters.bytes += bytes.length;
    if (this.#wire.write(bytes)) this.progress += 1;
  }

  #taken(): void {
    this.progress += 1;
    this.flush();
    this.#tellRoom();
  }

  #tellRoom(): void {
    if (this.#onRoom === undefined || !this.hasRoom) return;
    const call = this.#onRoom;
    this.#onRoom = undefined;
    call();
  }

  /** The next write, where there is work: pings and pongs, then as many frames as fit. */
  #take(): Uint8Array {
    const { joiner } = this.#shared;
    if (this.#controls.length === 0 && this.#queue.size === 1) return this.#shift();
    for (const control of this.#controls) joiner.add(control);
    if (this.#controls.length > 0) this.#controls = [];
    let bytes = 0;
    for (let frame = this.#queue.peek(); frame !== undefined; frame = this.#queue.peek()) {
      if (bytes > 0 && bytes + encoded(frame).length > HANDED_BYTES) break;
      const part = this.#agreed.takesBatches ? this.#shiftBatch(HANDED_BYTES - bytes) : this.#shift();
      bytes += part.length;
      joiner.add(part);
    }
    return joiner.join();
  }

  #shift(): Uint8Array {
    const frame = this.#queue.shift() as Frame;
    const told = this.#told(frame);
    this.#left(frame);
    return told === frame ? this.#bytesOf(frame) : encoded(told);
  }

  /** As many of the messages that wait as fit into one frame. */
  #shiftBatch(mostBytes: number): Uint8Array {
    const { batcher } = this.#shared;
    for (let frame = this.#queue.peek(); frame !== undefined; frame = this.#queue.peek()) {
      if (!batcher.add(this.#told(frame), mostBytes)) break;
      this.#queue.shift();
      this.#left(frame);
    }
    const batch = batcher.end();
    return batch === undefined ? this.#shift() : this.#bytesOf(batch);
  }

  #left(frame: Frame): void {
    const count = frameCount(frame);
    this.written += count;
    this.#shared.counters.frames += count;
    if (frame.offset !== undefined) this.#conflated = 0;
  }

  /** The frame at the head as it leaves: the first event after others made room says how many those were. */
  #told(frame: Frame): Frame {
    return this.#conflated === 0 || frame.offset === undefined ? frame : conflatedFrame(frame, this.#conflated);
  }

  #bytesOf(frame: Frame): Uint8Array {
    const { compression } = this.#agreed;
    return compression === undefined ? encoded(frame) : deflated(frame, compression);
  }
}
