import type { Awaitable, CloseNotice, Frame, Gateway, Release, Sent } from '@aideals/core';
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

  given(): number {
    return this.#position;
  }

  position(connectionId: string): number {
    return this.outboxes.get(connectionId)?.heldFrom ?? this.#position;
  }

  hold(connectionId: string): void {
    this.outboxes.get(connectionId)?.hold(this.#position);
  }

  served(connectionId: string, offset: number): void {
    this.outboxes.get(connectionId)?.served(offset);
  }

  reread(connectionId: string): void {
    this.outboxes.get(connectionId)?.reread();
  }

  release(connectionId: string, after: number): Release {
    return this.outboxes.get(connectionId)?.release(after) ?? { released: true };
  }
}

/** The port to it. `run` says when it answers; frames are taken at once: their order is the order given. */
export const portTo = (gateway: SimulatedGateway, run: <T>(answer: () => T) => Awaitable<T>): Gateway => ({
  capabilities: gateway.capabilities,
  send: (connectionIds, frame) => {
    const sent = gateway.send(connectionIds, frame);
    return run(() => sent);
  },
  close: (connectionId, notice) => gateway.close(connectionId, notice),
  alive: (connectionId) => run(() => gateway.alive(connectionId)),
  advance: (offset) => gateway.advance(offset),
  given: () => gateway.given(),
  position: (connectionId) => gateway.position(connectionId),
  hold: (connectionId) => gateway.hold(connectionId),
  served: (connectionId, offset) => gateway.served(connectionId, offset),
  reread: (connectionId) => gateway.reread(connectionId),
  release: (connectionId, after) => gateway.release(connectionId, after),
});
