import type { CloseNotice, Frame, Gateway, Release, Sent } from '@aideals/core';
import type { Flusher } from './flusher.js';
import { Hold } from './hold.js';
import type { Outbox } from './outbox.js';
import { Run } from './run.js';

export interface SocketGatewayOptions {
  readonly flusher: Flusher;
  /** How many bytes of deal events are held for a connection in replay. */
  readonly heldBytes: number;
}

/** The `Gateway` of a process that holds the sockets itself: an outbox for each. */
export class SocketGateway implements Gateway {
  readonly capabilities = { closeCodes: true, hold: true, positions: true };
  readonly #outboxes = new Map<string, Outbox>();
  readonly #flusher: Flusher;
  readonly #heldBytes: number;
  #position = 0;

  constructor({ flusher, heldBytes }: SocketGatewayOptions) {
    this.#flusher = flusher;
    this.#heldBytes = heldBytes;
  }

  add(connectionId: string, outbox: Outbox): void {
    this.#outboxes.set(connectionId, outbox);
  }

  remove(connectionId: string): void {
    this.#outboxes.delete(connectionId);
  }

  send(connectionIds: Iterable<string>, frame: Frame): Sent {
    return this.#give(connectionIds, (outbox) => outbox.push(frame));
  }

  sendRun(connectionIds: Iterable<string>, frames: readonly Frame[]): Sent {
    const [first] = frames;
    if (first !== undefined && frames.length === 1) return this.send(connectionIds, first);
    const run = new Run(frames);
    return this.#give(connectionIds, (outbox) => outbox.pushRun(run));
  }

  #give(connectionIds: Iterable<string>, push: (outbox: Outbox) => boolean): Sent {
    let sent = 0;
    let gone = 0;
    let first: Outbox | undefined;
    for (const id of connectionIds) {
      const outbox = this.#outboxes.get(id);
      if (outbox === undefined || !push(outbox)) {
        gone += 1;
        continue;
      }
      sent += 1;
      if (sent === 1) first = outbox;
      else this.#flusher.inTurn(outbox);
    }
    if (first !== undefined) {
      if (sent === 1) this.#flusher.soon(first);
      else this.#flusher.inTurn(first);
    }
    return { sent, queued: 0, gone };
  }

  close(connectionId: string, notice: CloseNotice): void {
    this.#outboxes.get(connectionId)?.close(notice.code);
  }

  alive(connectionId: string): boolean {
    return this.#outboxes.get(connectionId)?.isOpen ?? false;
  }

  advance(offset: number): void {
    if (offset > this.#position) this.#position = offset;
  }

  /** The log began anew at this offset. Tells the connections that are held: their places mean nothing any more. */
  restart(offset: number): string[] {
    this.#position = offset;
    return Array.from(this.#outboxes).flatMap(([id, { held }]) => (held === undefined ? [] : [id]));
  }

  given(): number {
    return this.#position;
  }

  position(connectionId: string): number {
    return this.#outboxes.get(connectionId)?.held?.from ?? this.#position;
  }

  hold(connectionId: string): void {
    const outbox = this.#outboxes.get(connectionId);
    if (outbox === undefined || !outbox.isOpen) return;
    if (outbox.held === undefined) outbox.held = new Hold(this.#position, this.#heldBytes);
    else outbox.held.nest();
  }

  served(connectionId: string, offset: number): void {
    this.#outboxes.get(connectionId)?.held?.serve(offset);
  }

  reread(connectionId: string): void {
    this.#outboxes.get(connectionId)?.held?.drop();
  }

  release(connectionId: string, after: number): Release {
    const outbox = this.#outboxes.get(connectionId);
    const held = outbox?.held;
    if (outbox === undefined || held === undefined) return { released: true };
    if (!held.end(after)) return { released: true };
    if (held.overflown) {
      outbox.held = new Hold(held.after, this.#heldBytes);
      return { released: false, after: held.after };
    }
    outbox.held = undefined;
    for (const frame of held.past()) outbox.push(frame);
    this.#flusher.soon(outbox);
    return { released: true };
  }
}
