import { subscribe } from '../features/subscribing.js';
import type { ActionHandler } from '../handler.js';
import { storing } from '../storing.js';

export const handle: ActionHandler<'subscribeToDeals'> = async (cx, input) => {
  const { connectionId } = cx.connection;
  const { topic, filters = {}, lastEventId } = input;
  const { subscription, next, ...confirmed } = await storing(cx, 'SUBSCRIPTION_ERROR', () =>
    subscribe(cx, { connectionId, topic, filters, lastEventId }),
  );
  cx.next(next);
  const { subscriptionId } = subscription;
  return { type: 'subscriptionConfirmed', data: { subscriptionId, topic, filters, status: 'active', ...confirmed } };
};
