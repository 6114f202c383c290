import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalRedis, type RedisOptions } from '@aideals/local-cluster';
import { addressOf, type RedisSettings } from '../redis/address.js';
import { openRedis, type RedisNode } from '../redis/open.js';

const UNSET: RedisSettings = {
  url: undefined,
  host: undefined,
  port: 6379,
  password: undefined,
  username: undefined,
  ssl: false,
  prefix: 'x',
};

/** A node's end of the bus that collects what it was told of Redis. */
export interface TestNode extends RedisNode {
  /** Resolves when Redis is lost, or there again; at once where it was told before and not yet asked for. */
  readonly state: () => Promise<Error | undefined>;
}

/** What is told, in order, to who asks for it. */
export const told = <T>() => {
  const values: T[] = [];
  const askers: ((value: T) => void)[] = [];
  return {
    tell: (value: T): void => {
      const asker = askers.shift();
      if (asker === undefined) values.push(value);
      else asker(value);
    },
    next: (): Promise<T> =>
      new Promise((resolve) => {
        if (values.length > 0) resolve(values.shift() as T);
        else askers.push(resolve);
      }),
  };
};

/** Servers and nodes of one test file, which all end with `close`. */
export class TestBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'aideals-bus-'));
  readonly #servers: LocalRedis[] = [];
  #count = 0;
  readonly #nodes: RedisNode[] = [];

  async server(options: Omit<RedisOptions, 'folder'> = {}): Promise<LocalRedis> {
    this.#count += 1;
    const server = await LocalRedis.start({ ...options, folder: join(this.folder, String(this.#count)) });
    this.#servers.push(server);
    return server;
  }

  async node(settings: Partial<RedisSettings>): Promise<TestNode> {
    const given = { ...UNSET, ...settings };
    const address = addressOf(given);
    if (address === undefined) throw new Error('there is no address');
    const states = told<Error | undefined>();
    const node = await openRedis({ address, prefix: given.prefix, onError: () => undefined, onState: states.tell });
    this.#nodes.push(node);
    return { ...node, state: states.next };
  }

  closeNodes(): void {
    for (const node of this.#nodes.splice(0)) node.close();
  }

  async close(): Promise<void> {
    this.closeNodes();
    for (const server of this.#servers) {
      if (server.isRunning) await server.stop();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
