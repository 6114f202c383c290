import { reservedTypes, WireError } from '@aideals/protocol';
import { publish } from '../features/publishing.js';
import type { CallHandler } from '../handler.js';
import { storing } from '../storing.js';

const refuseReserved = (items: readonly { messageType: string }[]): void => {
  const at = items.findIndex(({ messageType }) => reservedTypes.has(messageType));
  if (at < 0) return;
  const path = items.length === 1 ? 'messageType' : `${at}.messageType`;
  throw WireError.field(path, 'is a type of the server’s own; take another');
};

export const handle: CallHandler<'broadcast'> = async (cx, { body }) => {
  refuseReserved(body);
  const events = body.map(({ messageType, data, topic, filters }) => ({
    type: messageType,
    topic,
    data,
    ...(filters === undefined ? {} : { filters }),
    at: cx.now,
  }));
  const work = () => publish(cx, events, cx.idempotency);
  const { published, replayed } = await storing(cx, 'INTERNAL_ERROR', work, 503);
  const reply = published.map(({ id, sent, queued, gone, nodes }) => ({
    broadcast: 'success' as const,
    id,
    delivered: sent,
    total: sent + queued + gone,
    ...(queued === 0 ? {} : { queued }),
    ...(nodes === undefined ? {} : { nodes }),
  }));
  return { reply, replayed };
};
