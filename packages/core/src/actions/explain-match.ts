import { explainFor, noSuchSubscription } from '../features/explaining.js';
import type { ActionHandler } from '../handler.js';

export const handle: ActionHandler<'explainMatch'> = async (cx, { subscriptionId, ...event }) => {
  const items = await explainFor(cx.ports, cx.connection.connectionId, event, subscriptionId);
  if (subscriptionId !== undefined && items.length === 0) throw noSuchSubscription(subscriptionId, 'this connection');
  return { type: 'matchExplained', data: { items } };
};
