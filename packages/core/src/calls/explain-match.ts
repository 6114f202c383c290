import { type Explained, explainFor, noSuchSubscription } from '../features/explaining.js';
import type { CallHandler } from '../handler.js';

export const handle: CallHandler<'explainMatch'> = async (cx, { body }) => {
  const { subscriptionId, ...event } = body;
  const items: (Explained & { connectionId: string })[] = [];
  for (const { connectionId } of await cx.ports.directory.ofUser(cx.principal.name)) {
    const explained = await explainFor(cx.ports, connectionId, event, subscriptionId);
    items.push(...explained.map((each) => ({ connectionId, ...each })));
  }
  if (subscriptionId !== undefined && items.length === 0) throw noSuchSubscription(subscriptionId, 'this user');
  return { reply: { items } };
};
