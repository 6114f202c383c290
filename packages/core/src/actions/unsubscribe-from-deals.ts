import { ALL_DEALS, WireError } from '@aideals/protocol';
import type { ActionHandler } from '../handler.js';

export const handle: ActionHandler<'unsubscribeFromDeals'> = async (cx, { topic = ALL_DEALS, subscriptionId }) => {
  const { directory, gateway } = cx.ports;
  const { connectionId } = cx.connection;
  // What is held was matched before: read again, it holds nothing for what ends here.
  gateway.reread(connectionId);
  if (subscriptionId !== undefined) {
    const ended = await directory.unsubscribe(connectionId, subscriptionId);
    if (ended === undefined) {
      throw new WireError('SUBSCRIPTION_ERROR', 'this connection has no such subscription', { subscriptionId });
    }
    return { type: 'unsubscriptionConfirmed', data: { topic: ended.topic, subscriptionId } };
  }
  for (const subscription of await directory.subscriptions(connectionId)) {
    if (subscription.topic === topic) await directory.unsubscribe(connectionId, subscription.subscriptionId);
  }
  return { type: 'unsubscriptionConfirmed', data: { topic } };
};
