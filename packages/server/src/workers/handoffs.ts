import type { ChildProcess } from 'node:child_process';

/** What of Node's own talk between the processes of a cluster is looked at; none of it is promised, and nothing breaks without it. */
interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
}

const CLUSTER = 'NODE_CLUSTER';

const isClusterMessage = (message: unknown): message is ClusterMessage =>
  typeof message === 'object' && message !== null && (message as ClusterMessage).cmd === CLUSTER;

/**
 * Watches the connections on their way to a worker. One that it has not taken when it dies is nobody's for Node: it would
 * stay open and be served by no one. Call what comes back when the worker is gone: they go to others, as if it had
 * declined them.
 */
export const watchHandoffs = (child: ChildProcess): (() => void) => {
  const underWay = new Set<unknown>();
  const send = child.send.bind(child) as (...args: readonly unknown[]) => boolean;
  child.send = (...args: readonly unknown[]): boolean => {
    const [message] = args;
    if (isClusterMessage(message) && message.act === 'newconn') underWay.add(message.seq);
    return send(...args);
  };
  child.on('internalMessage', (message: unknown) => {
    if (isClusterMessage(message)) underWay.delete(message.ack);
  });
  return () => {
    for (const seq of [...underWay]) child.emit('internalMessage', { cmd: CLUSTER, ack: seq, accepted: false });
  };
};
