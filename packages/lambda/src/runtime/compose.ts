import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, createEngine, type Directory, type Frame, type Ports, type Streams } from '@aideals/core';
import { memoryTurns } from '@aideals/core/memory';
import {
  DynamoClient,
  dynamoDirectory,
  dynamoLimiter,
  dynamoStreams,
  dynamoTable,
  type Environment,
  type SleepingDirectory,
} from '@aideals/store/dynamodb';
import { uuidv7 } from 'uuidv7';
import { createApply } from '../apply.js';
import { type Config, coreSettings, readConfig } from '../config/config.js';
import { tokensOf } from '../config/tokens.js';
import { managementGateway } from '../gateway/gateway.js';
import { type ManagementApi, managementApi } from '../gateway/management-api.js';
import { StageAddress } from '../gateway/stage-address.js';
import { earlier, OVERTAKEN_MS, resumingEarlier } from './earlier.js';
import { composeFanOut } from './fan-out.js';
import { Invocation } from './invocation.js';
import { lambdaInvoker } from './invoker.js';
import { Meter } from './meter.js';
import { composeRedis } from './redis.js';
import { followingSends, Sends } from './sends.js';
import { lambdaTelemetry } from './telemetry.js';
import { Timers } from './timers.js';

const wallClock: Clock = { now: () => Date.now() };
const ids = { next: () => uuidv7() };
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const segment = (): string => uuidv7().replaceAll('-', '').slice(-12);

/** The sweep comes each minute: with two of them ahead it tells a client one to two minutes before the end of its token. */
const WARNING_SECONDS = 120;

/** A connection is as old as it may be, and its row is no more. */
const ENDED_MS = 7_500_000;

/** Time that a page of a replay or a hand-over may take. */
const PAGE_MS = 8_000;
/** How far before the end of its token a connection's gap is read. */
const MARGIN_MS = 60_000;

const TRIMMED_AT_ONCE = 1_000;

const LOCAL_REGION = 'us-east-1';

/** A log that is opened when it is first asked for: `$connect` does without. `appended` is called after each append. */
const openedLater = (open: () => Promise<Streams>, appended: () => void): Streams & { ready(): Promise<Streams> } => {
  let opening: Promise<Streams> | undefined;
  let log: Streams | undefined;
  const ready = (): Promise<Streams> => {
    opening ??= open().then(
      (opened) => {
        log = opened;
        return opened;
      },
      (error: unknown) => {
        // One that failed is tried again.
        opening = undefined;
        throw error;
      },
    );
    return opening;
  };
  return {
    ready,
    async append(events, options) {
      const result = await (await ready()).append(events, options);
      appended();
      return result;
    },
    locate: async (id) => (await ready()).locate(id),
    read: async (options) => (await ready()).read(options),
    top: async () => (await ready()).top(),
    trim: async (options) => (await ready()).trim(options),
    idOf(offset) {
      if (log === undefined) throw new Error('the log was not opened before an id of it was asked for');
      return log.idOf(offset);
    },
  };
};

/** Each opening has its end noted, so that whoever leaves unheard is forgotten all the same. */
const notingEnds = (directory: SleepingDirectory, timers: Timers): SleepingDirectory => ({
  ...directory,
  async open(record, mark) {
    await timers.noteEnd(record.connectionId, record.connectedAt + ENDED_MS);
    await directory.open(record, mark);
  },
});

/** What all functions of a deployment are made of. Made once in a process, at the first event. */
export const compose = (env: Environment = process.env, clock: Clock = wallClock) => {
  const config: Config = readConfig(env);
  const meter = new Meter(config.stage);
  const client = new DynamoClient({ ...config.dynamo, environment: env });
  const table = dynamoTable(client, clock);
  const redis =
    config.redis === undefined
      ? undefined
      : composeRedis({ address: config.redis, prefix: config.redisPrefix, clock, segment });
  const limiter = redis?.limiter ?? dynamoLimiter(client, clock);
  const timers = new Timers(table, clock);
  const directory = notingEnds(
    dynamoDirectory(client, clock, {
      closed: ({ connectedAt }) => meter.closed(clock.now() - connectedAt),
    }),
    timers,
  );
  const settings = {
    ...coreSettings(config),
    tokenWarningSeconds: WARNING_SECONDS,
    newerBy: 'time' as const,
  };
  const log = openedLater(
    () =>
      redis?.streams() ??
      dynamoStreams(client, {
        clock,
        retentionSeconds: settings.limits.retentionEventsSeconds,
        completedIs: 'new',
      }),
    () => directory.readAnew(),
  );
  const address = new StageAddress(config.managementUrl, table);
  const invocation = new Invocation(clock);
  const telemetry = lambdaTelemetry(meter, (line) => void process.stdout.write(`${line}\n`));

  const apis = new Map<string, ManagementApi>();
  const api = (): ManagementApi => {
    const endpoint = address.current;
    const made =
      apis.get(endpoint) ?? managementApi({ endpoint, region: config.region ?? LOCAL_REGION, now: Date.now });
    apis.set(endpoint, made);
    return made;
  };

  const sends = new Sends({
    ...{ table, clock, top: async () => log.top() },
    retentionSeconds: settings.limits.retentionEventsSeconds,
  });
  const incomplete = ({ offset }: Frame): void => {
    if (offset !== undefined) sends.incomplete(offset);
  };

  const management = managementGateway({
    api,
    clock,
    pause,
    chance: Math.random,
    deadline: () => invocation.deadline,
    createdAt: async (connectionId) => (await directory.get(connectionId))?.connectedAt,
    closed: async (connectionId) => engine.closed(connectionId),
    fault: (error) =>
      telemetry.event({ name: 'internal-error', errorId: ids.next(), where: 'the management API', error }),
  });

  const invoker = lambdaInvoker(config.region, config.lambdaUrl);
  const fanOut = composeFanOut({
    config,
    table,
    limiter,
    clock,
    ids,
    pause,
    management,
    invocation,
    invoker,
    meter,
    left: incomplete,
  });
  const { gateway, queue } = fanOut;

  const ports: Ports = {
    clock,
    ids,
    table,
    streams: resumingEarlier(
      followingSends(log, sends),
      async () => Math.max(OVERTAKEN_MS, clock.now() - ((await queue.look()).since ?? clock.now())),
      sends,
    ),
    directory: directory as Directory,
    gateway,
    limiter,
    schedule: timers,
    turns: memoryTurns(),
    telemetry,
    digest,
  };
  const invokerKey = randomUUID();
  const { verifier, issuer } = tokensOf(config, clock);
  const engine = createEngine({
    ports,
    settings,
    verifier,
    ...(issuer === undefined ? {} : { issuer }),
    apiKeys: [...config.apiKeys, { name: ':aws', key: invokerKey, scopes: ['publish'] }],
  });
  const apply = createApply({
    engine,
    records: directory,
    post: management.post,
    close: async (connectionId, notice) => management.close(connectionId, notice),
    hasTime: () => clock.now() + PAGE_MS < invocation.deadline,
    goOnLater: (connectionId, next) => invoker.start(invocation.functionName, { pages: { connectionId, next } }),
  });

  return {
    config,
    ports,
    engine,
    directory,
    timers,
    gateway: management,
    fanOut,
    meter,
    api,
    address,
    invocation,
    invoker,
    apply,
    telemetry,
    invokerKey,
    warningSeconds: WARNING_SECONDS,
    pause,
    /** Removes a slice of the events beyond retention; true where more are left. */
    trim: async (): Promise<boolean> => {
      const { retentionEvents: keep, retentionEventsSeconds } = settings.limits;
      return log.trim({ before: clock.now() - retentionEventsSeconds * 1000, keep, limit: TRIMMED_AT_ONCE });
    },
    /**
     * Runs what may publish, and sees to the end of all that it sent: nothing of it is left when its answer is given. Where it
     * fails, nobody knows who was sent what.
     */
    async sending<T>(work: () => Promise<T>, hasFailed: (result: T) => boolean = () => false): Promise<T> {
      try {
        const result = await work();
        if (hasFailed(result)) sends.failed();
        else await sends.done();
        return result;
      } catch (error) {
        sends.failed();
        throw error;
      } finally {
        // Where nobody can be called, the sweep calls: what waits is stored.
        await fanOut.settle().catch((error: unknown) => {
          telemetry.event({ name: 'internal-error', errorId: ids.next(), where: 'the fan-out', error });
        });
      }
    },
    /** Opens the log: before what asks for ids of it. */
    ready: async (): Promise<void> => void (await log.ready()),
    /** What a connection missed while its token was expired. */
    async missed({ tokenExp }: { readonly tokenExp: number }) {
      const until = await log.top();
      return { after: await earlier(log, until, clock.now() - tokenExp * 1000 + MARGIN_MS), until };
    },
  };
};

export type Runtime = ReturnType<typeof compose>;
