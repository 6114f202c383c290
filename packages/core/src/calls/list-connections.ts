import type { CallHandler } from '../handler.js';
import { toSeconds } from '../ports/index.js';

export const handle: CallHandler<'listConnections'> = async (cx, { query }) => {
  const connections = await cx.ports.directory.ofUser(query.userId);
  const items = connections.map(({ connectionId, userId, connectedAt }) => ({
    connectionId,
    userId,
    connectedSince: toSeconds(connectedAt),
  }));
  return { reply: { items } };
};
