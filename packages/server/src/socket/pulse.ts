import { pingFrame } from './encoding.js';
import type { Outbox } from './outbox.js';

/** In milliseconds. */
export interface Liveness {
  readonly heartbeatMs: number;
  readonly goneMs: number;
  readonly idleMs: number;
  readonly stallMs: number;
  /** Monotonic. */
  readonly now: () => number;
  /** From 0 to 1: spreads the pings of connections that opened together. */
  readonly chance: () => number;
}

/** The part of a socket that a pulse is felt on. */
export interface Heard {
  readonly bytesRead: number;
}

/** Fewer unacknowledged bytes than this say nothing: the system of a peer that hangs acknowledges a ping all the same. */
const BACKLOG_BYTES = 16_384;

/**
 * Whether the peer of a connection lives, reads, and has something to do. It is looked at from time to time and compares
 * counters, so that frames cost nothing for it. All times are monotonic milliseconds.
 */
export class Pulse {
  readonly #socket: Heard;
  readonly #outbox: Outbox;
  readonly #liveness: Liveness;
  #isActive = false;
  #bytesRead = 0;
  #written = 0;
  #progress = 0;
  #unacknowledged: number | undefined;
  #heardAt: number;
  #activeAt: number;
  #takenAt: number;
  #pingAt: number;

  constructor(socket: Heard, outbox: Outbox, liveness: Liveness) {
    this.#socket = socket;
    this.#outbox = outbox;
    this.#liveness = liveness;
    const now = liveness.now();
    this.#heardAt = now;
    this.#activeAt = now;
    this.#takenAt = now;
    this.#pingAt = Math.floor(now + liveness.heartbeatMs * (0.5 + liveness.chance() / 2));
  }

  /** The client sent a message or a ping. */
  active(): void {
    this.#isActive = true;
  }

  /** A sign of life, or a time in which none can be asked for. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** How long no message went either way. */
  idleMs(now: number): number {
    this.#look(now);
    return now - this.#activeAt;
  }

  /** Pings when it is time. Tells what is to be done: a suspect is to be probed before it is given up. */
  check(now: number): 'idle' | 'suspect' | undefined {
    const { heartbeatMs, goneMs, idleMs, stallMs } = this.#liveness;
    this.#look(now);
    if (now - this.#activeAt >= idleMs) return 'idle';
    if (now >= this.#pingAt) {
      // By the plan and not by the look, so that looking seldom makes no ping late after another.
      this.#pingAt = Math.max(this.#pingAt + heartbeatMs, now + heartbeatMs / 2);
      this.#outbox.control(pingFrame);
    }
    if (now - this.#takenAt >= stallMs / 2 || now - this.#heardAt >= (heartbeatMs + goneMs) / 2) return 'suspect';
    this.#unacknowledged = undefined;
    return undefined;
  }

  /**
   * A suspect is asked about once more: the system took nothing from us, or nothing came, but a peer that goes on
   * acknowledging bytes reads, if slowly; a large buffer of the system hides that.
   */
  probe(now: number, unacknowledged: number | undefined): 'stalled' | 'gone' | undefined {
    const { goneMs, stallMs } = this.#liveness;
    // Once more: asking the system took a while.
    this.#look(now);
    const before = this.#unacknowledged;
    this.#unacknowledged = unacknowledged;
    if (before !== undefined && before >= BACKLOG_BYTES && unacknowledged !== undefined && unacknowledged < before) {
      this.#takenAt = now;
      this.#heardAt = now;
      return undefined;
    }
    if (now - this.#takenAt >= stallMs) return 'stalled';
    return now - this.#heardAt >= goneMs ? 'gone' : undefined;
  }

  #look(now: number): void {
    const { bytesRead } = this.#socket;
    const { written, progress, waiting } = this.#outbox;
    if (bytesRead !== this.#bytesRead) this.#heardAt = now;
    if (this.#isActive || written !== this.#written) this.#activeAt = now;
    if (waiting === 0) this.#takenAt = now;
    else if (progress !== this.#progress) {
      this.#takenAt = now;
      // What waited was taken: the peer acknowledged something.
      this.#heardAt = now;
    }
    this.#isActive = false;
    this.#bytesRead = bytesRead;
    this.#written = written;
    this.#progress = progress;
  }
}
