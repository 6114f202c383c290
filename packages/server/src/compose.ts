import { hash } from 'node:crypto';
import { clusterNode, createEngine, type DueEvent, type Ports } from '@aideals/core';
import { memoryDirectory, memorySchedule, memoryTurns } from '@aideals/core/memory';
import { uuidv7 } from 'uuidv7';
import { Door } from './admission/door.js';
import { Gatekeeper } from './admission/gatekeeper.js';
import { Alarm } from './alarm.js';
import { awsCalls, invokerKey } from './aws-calls.js';
import type { Backing } from './backing/backing.js';
import { type Config, coreSettings } from './config/index.js';
import { findingsOf } from './config/rules.js';
import { holdEngine } from './engine-holder.js';
import { createApp } from './http/app.js';
import { Readiness } from './readiness.js';
import { tokensOf } from './signing.js';
import { Batcher } from './socket/batcher.js';
import { tryDirectWrite } from './socket/direct-write.js';
import { Flusher } from './socket/flusher.js';
import { SocketGateway } from './socket/gateway.js';
import { Joiner } from './socket/joiner.js';
import { Pages } from './socket/pages.js';
import type { Liveness } from './socket/pulse.js';
import { Sockets } from './socket/sockets.js';
import { upgradeListener } from './socket/upgrade.js';
import { Watch } from './socket/watch.js';
import type { FaultLog } from './telemetry/faults.js';
import type { Logger } from './telemetry/log.js';
import { addedUp, Metrics } from './telemetry/metrics.js';
import { telemetryOver } from './telemetry/telemetry.js';
import type { WorkerOf } from './workers/backing.js';

export interface ServerOptions {
  /** The folder of the page at `/`. */
  readonly pageDir?: string;
  /** Where the log goes, as JSON lines; stderr where it is left out. */
  readonly log?: NodeJS.WritableStream;
  /** Where this is a worker: all that it keeps is another process's. */
  readonly worker?: WorkerOf;
}

/** The wall clock: durable times are by it. */
export const clock = { now: () => Date.now() };
export const ids = { next: () => uuidv7() };
const digest = (text: string): string => hash('sha256', text, 'hex');
export const segment = (): string => uuidv7().replaceAll('-', '').slice(-12);

/** Seconds after which to come back to a server that stops. */
const AWAY_SECONDS = 5;
const RETRY_MS = 10_000;

/**
 * Of those who connect at once. More at a time would not be faster: each takes some calls to what is shared. A client waits
 * for ten seconds or so, of which half may go by in the line.
 */
const DOOR = { atOnce: 64, waiting: 4_096, patienceMs: 5_000 };

const livenessOf = (config: Config): Liveness => ({
  heartbeatMs: config.heartbeatSeconds * 1000,
  goneMs: config.goneSeconds * 1000,
  idleMs: config.idleSeconds * 1000,
  stallMs: config.outboxStallSeconds * 1000,
  // Whole milliseconds are kept without a box for each of them.
  now: () => Math.floor(performance.now()),
  chance: Math.random,
});

export interface Foundation {
  readonly backing: Backing;
  /** Another one at each start. */
  readonly nodeId: string;
  readonly log: Logger;
  readonly faults: FaultLog;
}

/** Puts a server together: ports, engine, sockets, HTTP. Nothing listens yet, and no timer runs. */
export const compose = async (config: Config, { pageDir }: ServerOptions, foundation: Foundation) => {
  const { backing, nodeId, log } = foundation;
  for (const warning of findingsOf(config).warnings) log.warn(warning);
  const settings = coreSettings(config);
  const { limits } = settings;
  const liveness = livenessOf(config);
  const { faults } = foundation;
  const failed = (where: string, error: unknown): void => faults.tell(where, error);
  const counters = { frames: 0, bytes: 0, writes: 0, conflated: 0 };
  const flusher = new Flusher();
  const gateway = new SocketGateway({ flusher, heldBytes: limits.outboxSoftBytes });
  gateway.advance(await backing.streams.top());
  const local = memoryDirectory();
  const metrics = new Metrics(counters, {
    connections: () => local.count(),
    given: () => gateway.given(),
    stored: () => backing.stats(),
    nodes: () => node?.nodes().size ?? 1,
  });
  const telemetry = telemetryOver(log, faults, metrics);
  const { table, shared, siblings } = backing;
  siblings?.countBy(() => metrics.counted());
  const node =
    shared === undefined
      ? undefined
      : clusterNode({
          nodeId,
          ...shared,
          local,
          gateway,
          ports: { clock, ids, table, telemetry },
          leaseSeconds: config.leaseSeconds,
        });
  const own = node?.directory ?? local;
  const directory = shared?.counting?.(own, () => local.count(), limits.connections) ?? own;
  const readiness = new Readiness({
    checks: backing.checks,
    isSharedWell: () => node === undefined || Object.values(node.health()).every(Boolean),
  });
  const alarm = new Alarm(clock.now, (event) => void ring(event));
  const schedule = memorySchedule(() => alarm.set());
  const ports: Ports = {
    clock,
    ids,
    table,
    streams: node?.streams ?? backing.streams,
    directory,
    gateway,
    limiter: backing.limiter,
    schedule,
    turns: memoryTurns(),
    telemetry,
    digest,
    ...(node === undefined ? {} : { eventRelay: node.eventRelay }),
    ...(node?.userRelay === undefined ? {} : { userRelay: node.userRelay }),
  };
  const { verifier, issuer } = tokensOf(config, clock);
  const invoker = invokerKey();
  const engine = holdEngine(
    () =>
      createEngine({
        ports,
        settings,
        verifier,
        ...(issuer === undefined ? {} : { issuer }),
        apiKeys: [...config.apiKeys, invoker],
        systemStatus: () => readiness.status,
      }),
    config.forgetful,
  );
  const sockets = new Sockets({
    engine,
    gateway,
    outbox: {
      softBytes: limits.outboxSoftBytes,
      hardBytes: limits.outboxHardBytes,
      flusher,
      joiner: new Joiner(),
      batcher: new Batcher(),
      counters,
    },
    directWrite: config.directWrite ? await tryDirectWrite() : undefined,
    pages: new Pages(),
    liveness,
    frameQueue: limits.frameQueue,
    patch: (connectionId, patch) => void directory.patch(connectionId, patch),
    failed,
    closed: (connectionId, code) => {
      metrics.closed(code);
      log.debug({ connectionId, code }, 'a connection closed');
    },
  });
  const ring = async (event: DueEvent): Promise<void> => {
    try {
      const { connectionId, outcome } = await engine.current.due(event);
      if (connectionId !== undefined) sockets.get(connectionId)?.apply(outcome);
    } catch (error) {
      failed(`due ${event.kind}`, error);
      // What comes back by itself must not stay away because of one failure.
      if (event.kind === 'trim' || event.kind === 'sweep') schedule.set(event.kind, clock.now() + RETRY_MS, event);
    }
  };
  const closedFor = (): number | undefined => (readiness.isDraining ? AWAY_SECONDS : undefined);
  const gatekeeper = new Gatekeeper({
    stage: config.stage,
    ipAllow: config.ipAllow,
    ipDeny: config.ipDeny,
    trustedProxies: config.trustedProxies,
    origins: { allowed: config.allowedOrigins, isProduction: config.nodeEnv === 'production' },
  });
  const app = await createApp({
    engine,
    gatekeeper,
    closedFor,
    checks: () => readiness.check(),
    metrics: async () => (siblings === undefined ? metrics.read() : addedUp(await siblings.counted())),
    bodyBytes: limits.bodyBytes,
    pageDir,
    aws: awsCalls(config, { engine, ports, gateway, sockets, invoker, limits }),
    log,
    answered: (...request) => metrics.answered(...request),
    errorId: ids.next,
  });
  app.server.on(
    'upgrade',
    upgradeListener({
      engine,
      gatekeeper,
      door: new Door(DOOR),
      ids,
      messageBytes: limits.messageBytes,
      fragments: limits.fragments,
      compressFrom: config.compressFrom ?? undefined,
      closedFor,
      accepted: (...accepted) => sockets.add(...accepted),
      refused: ({ status }, ip) => log.debug({ status, ip }, 'an upgrade was refused'),
      failed,
    }),
  );
  return { app, log, readiness, sockets, alarm, schedule, watch: new Watch(sockets, liveness), node, backing };
};

export type Running = Awaited<ReturnType<typeof compose>>;
