import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf, channelName, openRedis, type RedisNode } from '@aideals/bus';
import { LocalRedis } from '@aideals/local-cluster';
import type { RedisCommands } from '../redis/run-script.js';

/** A node's way to Redis, as the server makes it. */
export interface TestNode extends RedisNode {
  readonly redis: RedisCommands;
  readonly channelName: (channel: string) => string;
}

/** A redis-server of a test's own. Each prefix is a deployment of its own. */
export const startRedis = async (args: readonly string[] = []) => {
  const folder = mkdtempSync(join(tmpdir(), 'aideals-redis-'));
  const server = await LocalRedis.start({ folder, args });
  let prefixes = 0;
  const open: RedisNode[] = [];
  return {
    server,
    nextPrefix: (): string => {
      prefixes += 1;
      return `t${prefixes}`;
    },
    node: async (
      prefix: string,
      onState: (failure: Error | undefined) => void = () => undefined,
    ): Promise<TestNode> => {
      const settings = { url: server.url, host: undefined, port: 0, password: undefined, username: undefined };
      const address = addressOf({ ...settings, ssl: false, prefix });
      if (address === undefined) throw new Error('there is no address');
      const node = await openRedis({ address, prefix, onError: () => undefined, onState });
      open.push(node);
      return {
        ...node,
        redis: { send: (words) => node.commands.run((client) => client.sendCommand([...words])) },
        channelName: (channel) => channelName(prefix, channel),
      };
    },
    stop: async (): Promise<void> => {
      for (const node of open) node.close();
      if (server.isRunning) await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export type TestRedis = Awaited<ReturnType<typeof startRedis>>;
