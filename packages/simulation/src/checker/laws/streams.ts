import type { JsonObject } from '@aideals/protocol';
import type { Conn } from '../conn.js';
import { placeOf } from '../ids.js';
import { isError, type Law, must, type Received } from '../law.js';
import { goesTo, type Known } from '../truth.js';
import type { View } from '../view.js';

/** A logical subscription: one wish, resumed on one connection after another with the cursor kept. */
interface Stream {
  readonly topic: string;
  readonly filters: JsonObject;
  /** The offset of its first promise, and the epoch that gave it. */
  readonly from: number;
  readonly epoch: string;
  readonly conns: Set<Conn>;
  /** Where it was confirmed last. */
  last: Conn;
}

/** Over all its connections, a client that keeps its cursor misses no event that is still in the log at the end. */
export const streams = (view: View): Law => {
  const known = new Map<string, Stream>();

  const confirmed = (item: Received): void => {
    const name = view.request?.stream;
    if (name === undefined) return;
    const conn = view.conn(item.conn);
    const { topic, filters, lastEventId } = item.wire.data;
    const stream = known.get(name) ?? {
      topic: topic as string,
      filters: filters as JsonObject,
      from: placeOf(lastEventId as string).offset,
      epoch: placeOf(lastEventId as string).epoch,
      conns: new Set(),
      last: conn,
    };
    known.set(name, stream);
    stream.conns.add(conn);
    stream.last = conn;
  };

  const whole = (name: string, stream: Stream): void => {
    const { final } = view.truth;
    if (final === undefined || stream.last.closed !== undefined || stream.last.lapsed) return;
    const conns = [...stream.conns];
    const missing: Known[] = [];
    const came = (event: Known): boolean => conns.some(({ events }) => events.has(event.id));
    for (const event of final.values()) {
      if (event.offset > stream.from && goesTo(event, stream) && !came(event)) missing.push(event);
    }
    const told = conns.reduce((sum, conn) => sum + conn.conflated, 0);
    const outdated = (event: Known): boolean =>
      event.key !== undefined &&
      [...final.values()].some(
        (other) => other.key === event.key && other.offset > event.offset && (goesTo(other, stream) || came(other)),
      );
    const untold = missing.find((event) => !outdated(event)) ?? (missing.length > told ? missing[0] : undefined);
    must('who keeps a cursor misses nothing', untold === undefined, () => {
      const at = conns.map(({ id }) => id).join(', ');
      return `${untold?.id} (${untold?.tag}) never came to ${name} (${stream.topic}), which was on ${at}`;
    });
  };

  const left = (name: string | undefined): void => {
    if (name !== undefined) known.delete(name);
  };

  return {
    see(item) {
      if (item.kind === 'sent' && item.request.action === 'unsubscribeFromDeals') left(item.stream);
      if (item.kind !== 'received' || item.wire.type !== 'subscriptionConfirmed' || isError(item)) return;
      if (view.conn(item.conn).role === 'user') confirmed(item);
    },
    end() {
      for (const [name, stream] of known) whole(name, stream);
    },
  };
};
