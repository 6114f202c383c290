import type { CloseNotice, Frame, Release } from '@aideals/core';
import type { Wire } from '../checker/trace.js';

/** What the socket is to an outbox. */
export interface Way {
  /** Something waits: take it with `take` when there is room on the way. */
  readonly ready: () => void;
  /** The outbox took a frame. */
  readonly taken: (wire: Wire) => void;
  /** It takes no more, and closes when what waits has left. */
  readonly closing: (code: number) => void;
}

export interface OutboxLimits {
  readonly softBytes: number;
  readonly hardBytes: number;
  readonly heldBytes: number;
}

/** A frame as it is read; parsed once for all who get it. */
const wireOf = (frame: Frame): Wire => {
  frame.encoded ??= JSON.parse(frame.text);
  return frame.encoded as Wire;
};

class Hold {
  from: number;
  readonly #bound: number;
  depth = 1;
  /** The lowest offset that a release named: what lies past it is still owed to someone. */
  after = Number.POSITIVE_INFINITY;
  #bytes = 0;
  /** Undefined where more was held than the bound. */
  frames: Frame[] | undefined = [];

  constructor(from: number, bound: number) {
    this.from = from;
    this.#bound = bound;
  }

  keep(frame: Frame): void {
    this.#bytes += frame.text.length;
    if (this.#bytes > this.#bound) this.frames = undefined;
    this.frames?.push(frame);
  }

  drop(): void {
    this.frames = undefined;
  }
}

/** The bounded way out to one socket: holds deal events in a replay, conflates above the soft mark, ends above the hard one. */
export class Outbox {
  readonly #way: Way;
  readonly #limits: OutboxLimits;
  readonly #queue: Frame[] = [];
  #bytes = 0;
  #conflated = 0;
  #held: Hold | undefined;
  #closing = false;
  #onRoom: (() => void) | undefined;

  constructor(way: Way, limits: OutboxLimits) {
    this.#way = way;
    this.#limits = limits;
  }

  get isOpen(): boolean {
    return !this.#closing;
  }

  get size(): number {
    return this.#queue.length;
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#limits.softBytes;
  }

  /** The offset up to which the connection was served when it was held. */
  get heldFrom(): number | undefined {
    return this.#held?.from;
  }

  whenRoom(call: () => void): void {
    this.#onRoom = call;
  }

  push(frame: Frame): boolean {
    if (this.#closing) return false;
    if (this.#held !== undefined && frame.offset !== undefined) {
      this.#held.keep(frame);
      return true;
    }
    if (frame.key !== undefined && this.#bytes > this.#limits.softBytes) this.#takeOut(frame.key);
    this.#queue.push(frame);
    this.#bytes += frame.text.length;
    this.#way.taken(wireOf(frame));
    if (this.#bytes > this.#limits.hardBytes) {
      this.giveUp(4008);
      return false;
    }
    this.#way.ready();
    return true;
  }

  /** The next frame to leave. */
  take(): Wire | undefined {
    const frame = this.#queue.shift();
    if (frame === undefined) return undefined;
    this.#bytes -= frame.text.length;
    let wire = wireOf(frame);
    if (this.#conflated > 0 && frame.offset !== undefined) {
      wire = { ...wire, conflated: this.#conflated };
      this.#conflated = 0;
    }
    if (this.#onRoom !== undefined && this.hasRoom) {
      const call = this.#onRoom;
      this.#onRoom = undefined;
      call();
    }
    return wire;
  }

  hold(position: number): void {
    if (this.#held === undefined) this.#held = new Hold(position, this.#limits.heldBytes);
    else this.#held.depth += 1;
  }

  /** As `Gateway.served`. */
  served(offset: number): void {
    if (this.#held !== undefined && offset > this.#held.from) this.#held.from = offset;
  }

  /** Passes over what is held: it is read from the log. */
  reread(): void {
    this.#held?.drop();
  }

  /** As `Gateway.release`. */
  release(after: number): Release {
    const held = this.#held;
    if (held === undefined) return { released: true };
    held.after = Math.min(held.after, after);
    held.depth -= 1;
    if (held.depth > 0) return { released: true };
    const owed = Math.max(held.after, held.from);
    if (held.frames === undefined) {
      this.#held = new Hold(owed, this.#limits.heldBytes);
      return { released: false, after: owed };
    }
    this.#held = undefined;
    for (const frame of held.frames) if ((frame.offset ?? 0) > owed) this.push(frame);
    return { released: true };
  }

  close({ code }: CloseNotice): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#way.closing(code);
    this.#way.ready();
  }

  /** Closes without what waits. */
  giveUp(code: number): void {
    this.#queue.length = 0;
    this.#bytes = 0;
    this.close({ code: code as CloseNotice['code'] });
  }

  #takeOut(key: string): void {
    for (let i = this.#queue.length - 1; i >= 0; i--) {
      const frame = this.#queue[i] as Frame;
      if (frame.key !== key) continue;
      this.#queue.splice(i, 1);
      this.#bytes -= frame.text.length;
      this.#conflated += 1;
    }
  }
}
