import { join } from 'node:path';
import type { Environment, Exit } from './child.js';
import { DynamoGate } from './dynamo-gate.js';
import { Link } from './link.js';
import { LocalNode } from './local-node.js';
import { type LocalServices, makeTables, startServices, tableSettings } from './local-services.js';
import { type Backend, RoundRobin } from './round-robin.js';

export interface ClusterOptions {
  readonly nodes: number;
  /** For the data of the services and of the nodes. */
  readonly folder: string;
  /** Settings of every node, such as JWT_SECRET; they win over those that the cluster gives. */
  readonly env: Environment;
  /** Of the load balancer; 0, or none, takes a free one. */
  readonly port?: number;
  /** Redis and DynamoDB that run already, which are then not stopped with the cluster. */
  readonly services?: LocalServices;
  /** More options of the redis-server that it starts. */
  readonly redisArgs?: readonly string[];
  /** Tables that are there already; without it, those by the default names are made. */
  readonly tables?: Environment;
  /** What keys on Redis begin with. */
  readonly prefix?: string;
  /** Puts a link that can be broken between each node and each service. */
  readonly links?: boolean;
  /** In place of the built `aideals`. */
  readonly command?: readonly [string, ...string[]];
  readonly say?: (line: string) => void;
  readonly onLine?: (node: string, line: string, stream: 'stdout' | 'stderr') => void;
  readonly onExit?: (node: LocalNode, exit: Exit, isExpected: boolean) => void;
  readonly onChange?: (node: string, isIn: boolean) => void;
}

/** A node, and what lies between it and the services where that can be broken. */
export interface Member {
  readonly node: LocalNode;
  readonly redis: Link | undefined;
  readonly dynamo: Link | undefined;
}

/** Several nodes on one Redis and one DynamoDB, behind a load balancer. */
export class LocalCluster {
  readonly members: readonly Member[];
  readonly services: LocalServices;
  readonly balancer: RoundRobin;
  /** Before DynamoDB, where there are links. */
  readonly gate: DynamoGate | undefined;
  readonly #ends: readonly (() => Promise<unknown>)[];

  private constructor(parts: Pick<LocalCluster, 'members' | 'services' | 'balancer' | 'gate'>, ends: Ends) {
    this.members = parts.members;
    this.services = parts.services;
    this.balancer = parts.balancer;
    this.gate = parts.gate;
    this.#ends = ends;
  }

  /** Resolves when every node is ready. What was started is ended where that fails. */
  static async start(options: ClusterOptions): Promise<LocalCluster> {
    const ends: Ends = [];
    try {
      const services = options.services ?? (await startServices(options.folder, options));
      if (options.services === undefined) ends.push(() => services.stop());
      const gate = options.links === true ? await DynamoGate.before(services.dynamo) : undefined;
      if (gate !== undefined) ends.push(() => gate.close());
      const tables = options.tables ?? tableSettings();
      if (options.tables === undefined) {
        await makeTables({ ...tables, AWS_ENDPOINT_URL_DYNAMODB: services.dynamo.endpoint }, options.command);
      }
      const plan = { ...options, tables };
      const members: Member[] = [];
      for (let n = 1; n <= options.nodes; n += 1) members.push(await makeMember(n, plan, services, gate, ends));
      await Promise.all(members.map(({ node }) => node.start()));
      const backends = members.map(({ node: { name, port } }): Backend => ({ name, host: '127.0.0.1', port }));
      const { port = 0, onChange } = options;
      const change = onChange === undefined ? {} : { onChange: ({ name }: Backend, is: boolean) => onChange(name, is) };
      const balancer = await RoundRobin.listen({ backends, port, ...change });
      ends.push(() => balancer.close());
      return new LocalCluster({ members, services, balancer, gate }, ends);
    } catch (error) {
      await endAll(ends);
      throw error;
    }
  }

  /** Where clients connect: the load balancer. */
  get url(): string {
    return this.balancer.url;
  }

  get nodes(): readonly LocalNode[] {
    return this.members.map(({ node }) => node);
  }

  /** Ends everything that it started, the nodes first; `drain` lets them send their clients away before. */
  async stop({ drain = false }: { drain?: boolean } = {}): Promise<void> {
    const running = this.nodes.filter(({ isRunning }) => isRunning);
    await Promise.all(running.map((node) => (drain ? node.stop() : node.kill())));
    await endAll(this.#ends);
  }
}

type Ends = (() => Promise<unknown>)[];

/** In the reverse order of the starts. */
const endAll = async (ends: readonly (() => Promise<unknown>)[]): Promise<void> => {
  for (const end of [...ends].reverse()) await end();
};

const makeMember = async (
  n: number,
  options: ClusterOptions & { readonly tables: Environment },
  { redis, dynamo }: LocalServices,
  gate: DynamoGate | undefined,
  ends: Ends,
): Promise<Member> => {
  const toRedis = gate === undefined ? undefined : await Link.to(redis);
  if (toRedis !== undefined) ends.push(() => toRedis.close());
  const toDynamo = gate === undefined ? undefined : await Link.to(gate);
  if (toDynamo !== undefined) ends.push(() => toDynamo.close());
  const { onLine, onExit } = options;
  const name = `node-${n}`;
  const node = await LocalNode.at({
    name,
    ...(options.command === undefined ? {} : { command: options.command }),
    ...(onLine === undefined ? {} : { onLine: (line, stream) => onLine(name, line, stream) }),
    ...(onExit === undefined ? {} : { onExit: (exit, isExpected) => onExit(node, exit, isExpected) }),
    env: {
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String((toRedis ?? redis).port),
      REDIS_PASSWORD: redis.password,
      AIDEALS_REDIS_PREFIX: options.prefix,
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(toDynamo ?? dynamo).port}`,
      AWS_REGION: 'us-east-1',
      AIDEALS_DATA_DIR: join(options.folder, name),
      ...options.tables,
      ...options.env,
    },
  });
  ends.push(async () => {
    if (node.isRunning) await node.kill();
  });
  return { node, redis: toRedis, dynamo: toDynamo };
};
