import type { ActionHandler } from '../handler.js';
import { toSeconds } from '../ports/index.js';

export const handle: ActionHandler<'getStatus'> = async (cx) => {
  const { connectionId, userId, connectedAt } = cx.connection;
  const subscriptions = await cx.ports.directory.subscriptions(connectionId);
  return {
    type: 'statusUpdate',
    data: {
      connectionId,
      userId,
      connectedSince: toSeconds(connectedAt),
      subscriptions: subscriptions.map(({ subscriptionId, topic, filters }) => ({
        subscriptionId,
        type: 'deal',
        topic,
        filters,
      })),
      systemStatus: cx.systemStatus(),
    },
  };
};
