import type { CloseNotice, ConnectionRecord, Ports } from '../ports/index.js';

/** Closes a connection, also where another node holds it. False where that node was not reached. */
export const closeAnywhere = async (
  { userRelay, gateway }: Pick<Ports, 'userRelay' | 'gateway'>,
  { userId, connectionId }: Pick<ConnectionRecord, 'userId' | 'connectionId'>,
  notice: CloseNotice,
): Promise<boolean> => {
  if (userRelay !== undefined) return userRelay.close(userId, connectionId, notice);
  await gateway.close(connectionId, notice);
  return true;
};
