import type { CloseNotice, Frame, Gateway, Release, Sent } from '../ports/index.js';

interface Held {
  depth: number;
  from: number;
  /** The lowest place up to which the owner of an ended hold has read the log: the others have not sent what lies past it. */
  after: number;
  bytes: number;
  overflown: boolean;
  frames: Frame[];
}

interface Outbox {
  readonly sent: string[];
  held: Held | undefined;
  closed: CloseNotice | undefined;
}

export interface MemoryGatewayOptions {
  /** How much is held for a connection in replay, in characters of JSON. */
  readonly heldBytes?: number;
  /** The offset from which this gateway gives out events: the top of the log at the start. */
  readonly position?: number;
}

const hold = (from: number, depth: number): Held => ({
  depth,
  from,
  after: Number.POSITIVE_INFINITY,
  bytes: 0,
  overflown: false,
  frames: [],
});

/** A `Gateway` in memory that keeps what each connection was sent: for tests and simulations. */
export const memoryGateway = ({ heldBytes = 262_144, position: start = 0 }: MemoryGatewayOptions = {}) => {
  const outboxes = new Map<string, Outbox>();
  let position = start;

  const keep = (held: Held, frame: Frame): void => {
    if (held.overflown) return;
    held.bytes += frame.text.length;
    if (held.bytes > heldBytes) {
      held.overflown = true;
      held.frames = [];
      return;
    }
    held.frames.push(frame);
  };

  return {
    capabilities: { closeCodes: true, hold: true, positions: true },

    connect(connectionId: string): void {
      outboxes.set(connectionId, { sent: [], held: undefined, closed: undefined });
    },

    disconnect(connectionId: string): void {
      outboxes.delete(connectionId);
    },

    /** The texts that a connection was sent, in order. */
    sentTo: (connectionId: string): readonly string[] => outboxes.get(connectionId)?.sent ?? [],

    closedWith: (connectionId: string): CloseNotice | undefined => outboxes.get(connectionId)?.closed,

    send(connectionIds: Iterable<string>, frame: Frame): Sent {
      let sent = 0;
      let gone = 0;
      for (const id of connectionIds) {
        const outbox = outboxes.get(id);
        if (outbox === undefined || outbox.closed !== undefined) {
          gone += 1;
          continue;
        }
        sent += 1;
        if (outbox.held !== undefined && frame.offset !== undefined) keep(outbox.held, frame);
        else outbox.sent.push(frame.text);
      }
      return { sent, queued: 0, gone };
    },

    close(connectionId: string, notice: CloseNotice): void {
      const outbox = outboxes.get(connectionId);
      if (outbox !== undefined) outbox.closed ??= notice;
    },

    alive: (connectionId: string): boolean => {
      const outbox = outboxes.get(connectionId);
      return outbox !== undefined && outbox.closed === undefined;
    },

    advance(offset: number): void {
      if (offset > position) position = offset;
    },

    /** The log began anew at this offset: what is held belongs to the one before. Tells the connections that are held. */
    restart(offset: number): string[] {
      position = offset;
      return Array.from(outboxes).flatMap(([id, { held }]) => (held === undefined ? [] : [id]));
    },

    given: (): number => position,

    position: (connectionId: string): number => outboxes.get(connectionId)?.held?.from ?? position,

    hold(connectionId: string): void {
      const outbox = outboxes.get(connectionId);
      if (outbox === undefined) return;
      if (outbox.held === undefined) outbox.held = hold(position, 1);
      else outbox.held.depth += 1;
    },

    served(connectionId: string, offset: number): void {
      const held = outboxes.get(connectionId)?.held;
      if (held !== undefined && offset > held.from) held.from = offset;
    },

    reread(connectionId: string): void {
      const held = outboxes.get(connectionId)?.held;
      if (held === undefined) return;
      held.overflown = true;
      held.frames = [];
    },

    release(connectionId: string, after: number): Release {
      const outbox = outboxes.get(connectionId);
      if (outbox?.held === undefined) return { released: true };
      const { held } = outbox;
      held.after = Math.min(held.after, after);
      if (held.depth > 1) {
        held.depth -= 1;
        return { released: true };
      }
      const owed = Math.max(held.after, held.from);
      if (held.overflown) {
        outbox.held = hold(owed, 1);
        return { released: false, after: owed };
      }
      outbox.held = undefined;
      for (const frame of held.frames) {
        if ((frame.offset ?? 0) > owed) outbox.sent.push(frame.text);
      }
      return { released: true };
    },
  } satisfies Gateway & Record<string, unknown>;
};

export type MemoryGateway = ReturnType<typeof memoryGateway>;
