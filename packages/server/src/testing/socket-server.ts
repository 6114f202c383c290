import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Awaitable, ConnectionRecord, Engine, Opening, Outcome } from '@aideals/core';
import { Door } from '../admission/door.js';
import { Gatekeeper } from '../admission/gatekeeper.js';
import { Batcher } from '../socket/batcher.js';
import { tryDirectWrite } from '../socket/direct-write.js';
import { Flusher } from '../socket/flusher.js';
import { SocketGateway } from '../socket/gateway.js';
import { Joiner } from '../socket/joiner.js';
import { Pages } from '../socket/pages.js';
import type { Liveness } from '../socket/pulse.js';
import { Sockets } from '../socket/sockets.js';
import { upgradeListener } from '../socket/upgrade.js';
import { Watch } from '../socket/watch.js';

export interface FakeEngineOptions {
  readonly open?: (token: string | undefined) => Awaitable<Opening | undefined>;
  readonly opened?: Engine['opened'];
  readonly frame?: (record: ConnectionRecord, text: string) => Awaitable<Outcome>;
  readonly pipelined?: (text: string) => boolean;
  readonly resume?: Engine['resume'];
}

export interface SocketServerOptions extends FakeEngineOptions {
  readonly softBytes?: number;
  readonly hardBytes?: number;
  readonly liveness?: Partial<Liveness>;
  readonly messageBytes?: number;
  readonly fragments?: number;
  readonly compressFrom?: number;
  readonly heldBytes?: number;
  /** Whether writes go past Node's streams, as they do by default. */
  readonly isDirect?: boolean;
}

/** Answers each frame with what it says. */
export const echo = (_: ConnectionRecord, text: string): Outcome => ({ reply: { text } });

const unused = (): never => {
  throw new Error('not a matter of sockets');
};

/** Sockets over loopback, with an engine that a test writes. */
export const socketServer = async (options: SocketServerOptions = {}) => {
  const closedIds: string[] = [];
  const closeCodes: number[] = [];
  const failures: unknown[] = [];
  const patches: object[] = [];
  const refusals: number[] = [];
  let made = 0;
  let exchanges = 0;
  const recordOf = (connectionId: string, userId: string): ConnectionRecord => ({
    connectionId,
    userId,
    connectedAt: 0,
    tokenExp: 0,
    firstSignIn: 0,
    scopes: [],
    ip: '127.0.0.1',
  });
  const current: Engine = {
    open: async ({ connectionId, token }) =>
      (await options.open?.(token)) ?? { accepted: true, record: recordOf(connectionId, token ?? 'nobody') },
    opened: options.opened ?? (() => ({})),
    frame: options.frame ?? echo,
    pipelined: options.pipelined ?? (() => false),
    betweenPages: () => false,
    resume: options.resume ?? (() => ({})),
    closed: (connectionId) => {
      closedIds.push(connectionId);
    },
    admit: unused,
    due: unused,
    call: unused,
    lines: unused,
  };
  const engine = {
    current,
    exchanged: (record: ConnectionRecord) => {
      exchanges += 1;
      return record;
    },
  };
  const flusher = new Flusher();
  const counters = { frames: 0, bytes: 0, writes: 0, conflated: 0 };
  const softBytes = options.softBytes ?? 262_144;
  const gateway = new SocketGateway({ flusher, heldBytes: options.heldBytes ?? softBytes });
  let now = 1_000_000;
  const liveness: Liveness = {
    heartbeatMs: 25_000,
    goneMs: 60_000,
    idleMs: 600_000,
    stallMs: 30_000,
    now: () => now,
    chance: () => 1,
    ...options.liveness,
  };
  const named: string[] = [];
  const waiters: (() => void)[] = [];
  const sockets = new Sockets({
    engine,
    gateway,
    outbox: {
      softBytes,
      hardBytes: options.hardBytes ?? 1_048_576,
      flusher,
      joiner: new Joiner(),
      batcher: new Batcher(),
      counters,
    },
    directWrite: options.isDirect === false ? undefined : await tryDirectWrite(),
    pages: new Pages(),
    liveness,
    frameQueue: 64,
    patch: (_, patch) => patches.push(patch),
    failed: (_, error) => failures.push(error),
    closed: (_, code) => {
      closeCodes.push(code);
      for (const wake of waiters.splice(0)) wake();
    },
  });
  const server = createServer();
  let closedFor: number | undefined;
  server.on(
    'upgrade',
    upgradeListener({
      engine,
      gatekeeper: new Gatekeeper({
        stage: 'prod',
        ipAllow: undefined,
        ipDeny: [],
        trustedProxies: [],
        origins: { allowed: undefined, isProduction: false },
      }),
      door: new Door({ atOnce: 2, waiting: 2, patienceMs: 60_000 }),
      ids: { next: (kind) => named.shift() ?? `${kind}-${++made}` },
      messageBytes: options.messageBytes ?? 131_072,
      fragments: options.fragments ?? 16,
      compressFrom: options.compressFrom,
      closedFor: () => closedFor,
      accepted: (...accepted) => sockets.add(...accepted),
      refused: ({ status }) => refusals.push(status),
      failed: (_, error) => failures.push(error),
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const watch = new Watch(sockets, liveness);

  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    gateway,
    sockets,
    counters,
    closedIds,
    closeCodes,
    failures,
    patches,
    refusals,
    exchanges: () => exchanges,
    /** The id of the next connection. */
    nameNext: (connectionId: string) => {
      named.push(connectionId);
    },
    closeDoor: (seconds: number | undefined) => {
      closedFor = seconds;
    },
    /** Lets time pass and looks at all connections. */
    pass: async (ms: number): Promise<void> => {
      now += ms;
      await watch.look();
    },
    /** Resolves when a connection more has closed. */
    nextClose: (): Promise<void> => new Promise((resolve) => waiters.push(resolve)),
    stop: async (): Promise<void> => {
      for (const session of sockets) session.terminate();
      server.close();
      server.closeAllConnections();
      await sockets.whenEmpty();
    },
  };
};

export type SocketServer = Awaited<ReturnType<typeof socketServer>>;
