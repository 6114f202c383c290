import type { CloseNotice, Frame, Gateway, Release, Sent } from '@aideals/core';
import type { Calls } from '../store/calls.js';
import type { Outbox } from './outbox.js';

/** The `Gateway` of one life of the server: an outbox for each connection. */
export class SimulatedGateway implements Gateway {
  readonly capabilities = { closeCodes: true, hold: true, positions: true };
  readonly outboxes = new Map<string, Outbox>();
  #position: number;

  constructor(position: number) {
    this.#position = position;
  }

  send(connectionIds: Iterable<string>, frame: Frame): Sent {
    let sent = 0;
    let gone = 0;
    for (const id of connectionIds) {
      if (this.outboxes.get(id)?.push(frame)) sent += 1;
      else gone += 1;
    }
    return { sent, queued: 0, gone };
  }

  close(connectionId: string, notice: CloseNotice): void {
    this.outboxes.get(connectionId)?.close(notice);
  }

  alive(connectionId: string): boolean {
    return this.outboxes.get(connectionId)?.isOpen ?? false;
  }

  advance(offset: number): void {
    if (offset > this.#position) this.#position = offset;
  }

  position(connectionId: string): number {
    return this.outboxes.get(connectionId)?.heldFrom ?? this.#position;
  }

  hold(connectionId: string): void {
    this.outboxes.get(connectionId)?.hold(this.#position);
  }

  release(connectionId: string, after: number): Release {
    const outbox = this.outboxes.get(connectionId);
    if (outbox === undefined || outbox.release(this.#position, after)) return { released: true };
    return { released: false, after };
  }
}

/** The same, whose answers take their time. Frames are taken at once: their order is the order given. */
export const slowGateway = (gateway: SimulatedGateway, calls: Calls): Gateway => ({
  capabilities: gateway.capabilities,
  send: (connectionIds, frame) => {
    const sent = gateway.send(connectionIds, frame);
    return calls.run(() => sent);
  },
  close: (connectionId, notice) => gateway.close(connectionId, notice),
  alive: (connectionId) => calls.run(() => gateway.alive(connectionId)),
  advance: (offset) => gateway.advance(offset),
  position: (connectionId) => gateway.position(connectionId),
  hold: (connectionId) => gateway.hold(connectionId),
  release: (connectionId, after) => gateway.release(connectionId, after),
});
