import { type CallBody, type CallReply, reservedTypes, WireError } from '@aideals/protocol';
import { type Published, publish } from '../features/publishing.js';
import type { CallHandler } from '../handler.js';
import type { NewEvent } from '../ports/index.js';
import { storing } from '../storing.js';

type Item = CallBody<'broadcast'>[number];

/** Refuses a type that is not for publishers. `path` is that of the item. */
export const refuseReserved = ({ messageType }: Item, path: string): void => {
  if (reservedTypes.has(messageType)) {
    throw WireError.field(`${path}messageType`, 'is a type of the server’s own; take another');
  }
};

export const eventOf = ({ messageType, data, topic, filters }: Item, at: number): NewEvent => ({
  type: messageType,
  topic,
  data,
  ...(filters === undefined ? {} : { filters }),
  at,
});

const replyOf = ({ id, sent, queued, gone, nodes }: Published): CallReply<'broadcast'> => ({
  broadcast: 'success',
  id,
  delivered: sent,
  total: sent + queued + gone,
  ...(queued === 0 ? {} : { queued }),
  ...(nodes === undefined ? {} : { nodes }),
});

export const handle: CallHandler<'broadcast'> = async (cx, { body }) => {
  for (const [n, item] of body.entries()) refuseReserved(item, body.length === 1 ? '' : `${n}.`);
  const events = body.map((item) => eventOf(item, cx.now));
  const work = () => publish(cx, events, cx.idempotency);
  const { published, replayed } = await storing(cx, 'INTERNAL_ERROR', work, 503);
  return { reply: published.map(replyOf), replayed };
};
