import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalDynamo, LocalRedis, tableSettings } from '@aideals/local-cluster';
import { createTables, DynamoClient, dynamoSettings } from '@aideals/store/dynamodb';
import type { Environment } from '../cluster/settings.js';
import { wrongUse } from '../user-error.js';

/** What stands behind the functions. */
export interface Backing {
  /** Where it is, as the functions are told. */
  readonly env: Environment;
  /** What runs for it, for people. */
  readonly rows: readonly (readonly [name: string, where: string])[];
  stop(): Promise<void>;
}

const REGION = 'us-east-1';

const createIn = async (env: Environment): Promise<void> => {
  const read = dynamoSettings({ AWS_REGION: REGION, ...env });
  if (!read.ok) throw wrongUse(read.problems.join(' · '));
  const client = new DynamoClient(read.settings);
  try {
    await createTables(client);
  } finally {
    client.close();
  }
};

/**
 * The DynamoDB that the environment names, else one in memory; a Redis of our own where it is wanted and the environment names
 * none. The three tables are made where they are missing.
 */
export const startBacking = async (env: Environment, withRedis: boolean): Promise<Backing> => {
  const folder = mkdtempSync(join(tmpdir(), 'aideals-gateway-'));
  const stops: (() => Promise<unknown>)[] = [];
  const rows: (readonly [string, string])[] = [];
  const found: Record<string, string | undefined> = {};
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((each) => each()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (env['AWS_ENDPOINT_URL_DYNAMODB'] === undefined) {
      const dynamo = await LocalDynamo.start();
      stops.push(() => dynamo.stop());
      found['AWS_ENDPOINT_URL_DYNAMODB'] = dynamo.endpoint;
      rows.push(['dynalite', dynamo.endpoint]);
    }
    if (withRedis && env['REDIS_HOST'] === undefined) {
      const redis = await LocalRedis.start({ folder });
      stops.push(() => redis.kill());
      Object.assign(found, { REDIS_HOST: redis.host, REDIS_PORT: String(redis.port) });
      rows.push(['redis-server', `${redis.host}:${redis.port}`]);
    }
    const all = { ...tableSettings(), ...env, ...found };
    await createIn(all);
    return { env: all, rows, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
