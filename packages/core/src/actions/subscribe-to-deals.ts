import { preview } from '../features/previewing.js';
import { subscribe } from '../features/subscribing.js';
import type { ActionHandler } from '../handler.js';
import { storing } from '../storing.js';

export const handle: ActionHandler<'subscribeToDeals'> = async (cx, input) => {
  const { connectionId } = cx.connection;
  const { topic, filters = {}, lastEventId } = input;
  if (input.preview) {
    const previewed = await preview(cx.ports, { topic, filters, lastEventId });
    return { type: 'subscriptionPreviewed', data: { topic, filters, ...previewed } };
  }
  const { subscription, next, ...confirmed } = await storing(cx, 'SUBSCRIPTION_ERROR', () =>
    subscribe(cx, { connectionId, topic, filters, lastEventId }),
  );
  cx.next(next);
  const { subscriptionId } = subscription;
  return { type: 'subscriptionConfirmed', data: { subscriptionId, topic, filters, status: 'active', ...confirmed } };
};
