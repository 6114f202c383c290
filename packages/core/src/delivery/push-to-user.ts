import type { Mail, Ports } from '../ports/index.js';

type UserPorts = Pick<Ports, 'directory' | 'ids' | 'gateway' | 'telemetry' | 'userRelay'>;

/**
 * Sends what was stored for a user to each of the user's connections that is not in its hand-over: those find it in the
 * mailbox, and the new mark makes the hand-over read once more. True where at least one connection took it.
 */
export const pushToUser = async (ports: UserPorts, userId: string, mail: Mail): Promise<boolean> => {
  if (ports.userRelay !== undefined) return ports.userRelay.mail(userId, mail);
  const connections = await ports.directory.ofUser(userId);
  if (connections.length === 0) return false;
  const mark = ports.ids.next('mark');
  const to: string[] = [];
  for (const { connectionId } of connections) {
    if (!(await ports.directory.remark(connectionId, mark))) to.push(connectionId);
  }
  if (to.length === 0) return false;
  const { sent } = await ports.gateway.send(to, mail.frame);
  ports.telemetry.count('deliveries', { kind: mail.kind }, sent);
  return sent > 0;
};
