import { change } from '../features/changing.js';
import type { ActionHandler } from '../handler.js';
import { storing } from '../storing.js';

export const handle: ActionHandler<'updateSubscription'> = async (cx, { subscriptionId, filters }) => {
  const { connectionId } = cx.connection;
  const { subscription, lastEventId, next } = await storing(cx, 'SUBSCRIPTION_ERROR', () =>
    change(cx.ports, { connectionId, subscriptionId, filters }),
  );
  cx.next(next);
  const ended = subscription.subscriptionId === subscriptionId ? {} : { ended: subscriptionId };
  return {
    type: 'subscriptionUpdated',
    data: {
      subscriptionId: subscription.subscriptionId,
      topic: subscription.topic,
      filters,
      status: 'active',
      lastEventId,
      ...ended,
    },
  };
};
