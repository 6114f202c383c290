import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Child, type Environment } from './child.js';
import { LocalDynamo } from './local-dynamo.js';
import { builtCommand } from './local-node.js';
import { LocalRedis } from './local-redis.js';

/** What nodes share. */
export interface LocalServices {
  readonly redis: LocalRedis;
  readonly dynamo: LocalDynamo;
  stop(): Promise<void>;
}

export interface ServicesOptions {
  /** More options of redis-server. */
  readonly redisArgs?: readonly string[];
  readonly say?: (line: string) => void;
}

/** Starts a redis-server and a dynalite; `folder` is where they keep what they keep. */
export const startServices = async (
  folder: string,
  { redisArgs = [], say }: ServicesOptions = {},
): Promise<LocalServices> => {
  mkdirSync(folder, { recursive: true });
  const options = { folder: join(folder, 'redis'), args: redisArgs };
  const redis = await LocalRedis.start(say === undefined ? options : { ...options, say });
  try {
    const dynamo = await LocalDynamo.start();
    const stop = async (): Promise<void> => {
      await Promise.all([redis.stop(), dynamo.stop()]);
    };
    return { redis, dynamo, stop };
  } catch (error) {
    await redis.kill();
    throw error;
  }
};

/** The names of a deployment's three tables; `suffix` keeps several deployments on one DynamoDB apart. */
export const tableSettings = (suffix = ''): Environment => ({
  CONNECTIONS_TABLE: `WebSocketConnections${suffix}`,
  SUBSCRIPTIONS_TABLE: `WebSocketSubscriptions${suffix}`,
  AIDEALS_TABLE: `Aideals${suffix}`,
});

/** Makes the tables that the settings name, by `aideals dynamodb create`. */
export const makeTables = async (
  env: Environment,
  command: readonly [string, ...string[]] = builtCommand(),
): Promise<void> => {
  const making = new Child({ name: 'aideals dynamodb create', command: [...command, 'dynamodb', 'create'], env });
  const { code, signal } = await making.exited;
  if (code !== 0) throw new Error(`${making.name} ended with ${code ?? signal}:\n${making.lines.join('\n')}`);
};
