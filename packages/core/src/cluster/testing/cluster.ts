import { manualClock } from '../../contract/manual-clock.js';
import {
  type MemoryBusEnd,
  type MemoryBusOptions,
  memoryBus,
  memoryDeployment,
  memoryDirectory,
  memoryGateway,
  memoryStreams,
  memoryTable,
  sharedStreams,
} from '../../memory/index.js';
import { MemoryLog } from '../../memory/streams.js';
import type { Ids, Streams, Table, Telemetry, TelemetryEvent } from '../../ports/index.js';
import { defaultSettings, type Settings } from '../../settings.js';
import { clusterNode } from '../node.js';

export interface Frame {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly id?: string;
  readonly topic?: string;
  readonly requestId?: string;
  readonly [extra: string]: unknown;
}

export interface ClusterOptions {
  readonly nodes: number;
  readonly bus?: MemoryBusOptions;
  readonly limits?: Partial<Settings['limits']>;
  readonly leaseSeconds?: number;
  readonly sharesTable?: boolean;
  /** Something between a node and the table that all share. */
  readonly table?: (table: Table, node: number) => Table;
  readonly deployment?: (node: number) => string;
  /** How far the clock of a node is ahead, in milliseconds. */
  readonly ahead?: (node: number) => number;
}

const digest = (text: string): string => Array.from(text, (each) => each.codePointAt(0)?.toString(16)).join('x');

/** Lets all that is under way in this process come to its end. */
export const quiet = async (): Promise<void> => {
  // Everything here is in memory: nothing waits for more than the turns of others.
  for (let n = 0; n < 500; n += 1) await undefined;
};

/** Several nodes over one table, one log and one bus, all in memory. Tokens are names of users. */
export const testCluster = async (options: ClusterOptions) => {
  const clock = manualClock();
  let made = 0;
  const ids: Ids = {
    next: (kind) => {
      made += 1;
      return `${kind}-${String(made).padStart(6, '0')}`;
    },
  };
  let segments = 0;
  const bus = memoryBus({
    onError: (error) => {
      throw error;
    },
    ...options.bus,
  });
  const broker = bus.node();
  const table = memoryTable(clock);
  const announced = new Map<string, number>();
  const begun = (log: MemoryLog): Streams => {
    segments += 1;
    return memoryStreams({ clock, segment: () => `e${segments}`, log });
  };
  let log = new MemoryLog();
  let inner = begun(log);
  /** The log of the moment: it can be flushed, or go on under a new owner. */
  const streams: Streams = {
    append: (...args) => inner.append(...args),
    locate: (id) => inner.locate(id),
    read: (read) => inner.read(read),
    top: () => inner.top(),
    idOf: (offset) => inner.idOf(offset),
    trim: (trim) => inner.trim(trim),
  };

  const start = async (number: number) => {
    const end: MemoryBusEnd = bus.node();
    const events: TelemetryEvent[] = [];
    const counts: Record<string, number> = {};
    const telemetry: Telemetry = {
      event: (event) => events.push(event),
      count: (name, labels, n = 1) => {
        const key = `${name} ${Object.values(labels).join(' ')}`;
        counts[key] = (counts[key] ?? 0) + n;
      },
      observe: () => undefined,
    };
    const gateway = memoryGateway({ position: (await streams.top()) as number });
    const own = { now: () => clock.now() + (options.ahead?.(number) ?? 0) };
    const shared = sharedStreams(streams, broker, announced, () => {
      const now = inner;
      return (offset) => now.idOf(offset);
    });
    const through = options.table?.(table, number) ?? table;
    const node = clusterNode({
      nodeId: ids.next('mark'),
      deployment: options.deployment?.(number) ?? 'one',
      bus: end,
      streams: {
        ...shared,
        append: (...args) => ((end.health as () => { ok: boolean })().ok ? shared.append(...args) : away()),
        positions: (channels) => ((end.health as () => { ok: boolean })().ok ? shared.positions(channels) : away()),
      },
      local: memoryDirectory(),
      gateway,
      ports: { clock: own, ids, table: through, telemetry },
      sharesTable: options.sharesTable ?? true,
      leaseSeconds: options.leaseSeconds ?? 15,
    });
    const deployment = memoryDeployment({
      clock: own,
      ids,
      digest,
      gateway,
      telemetry,
      verifier: {
        verify: async (token) => ({
          ok: true,
          claims: { sub: token, exp: Math.floor(clock.now() / 1000) + 1_000_000, scopes: [] },
        }),
      },
      apiKeys: [{ name: 'crawler', key: 'k', scopes: ['publish', 'admin'] }],
      settings: { ...defaultSettings, limits: { ...defaultSettings.limits, ...options.limits } },
      ports: {
        table: through,
        streams: node.streams,
        directory: node.directory,
        eventRelay: node.eventRelay,
        ...(node.userRelay === undefined ? {} : { userRelay: node.userRelay }),
      },
    });
    await node.start();
    const frames = (connectionId: string): Frame[] =>
      gateway.sentTo(connectionId).map((text) => JSON.parse(text) as Frame);
    const call = async (name: string, body: object | undefined, params = {}, query = {}) => {
      const response = await deployment.call(
        { bearer: undefined, apiKey: 'k', ip: '127.0.0.1' },
        {
          call: name as 'broadcast',
          params,
          query,
          body: body === undefined ? undefined : JSON.stringify(body),
          idempotencyKey: undefined,
        },
      );
      return { ...response, json: JSON.parse(response.body ?? 'null') as Record<string, unknown> };
    };
    return {
      ...deployment,
      node,
      bus: end,
      events,
      counts,
      frames,
      ask: async (connectionId: string, action: string, data: object = {}): Promise<Frame> => {
        const requestId = ids.next('mark');
        await deployment.frame(connectionId, JSON.stringify({ action, data, requestId }));
        const answer = frames(connectionId).findLast((frame) => frame.requestId === requestId);
        if (answer === undefined) throw new Error(`${action} was not answered`);
        return answer;
      },
      publish: (topic: string, n: number, messageType = 'dealUpdate') =>
        call('broadcast', { messageType, topic, data: { n } }),
      call,
      /** The numbers of the events that a connection was sent, in order. */
      numbers: (connectionId: string): unknown[] =>
        frames(connectionId).flatMap((frame) => (frame.id === undefined ? [] : [frame.data['n']])),
      /** The texts of the chat messages that a connection was sent, in order. */
      said: (connectionId: string): unknown[] =>
        frames(connectionId).flatMap((frame) => (frame.type === 'messageReceived' ? [frame.data['content']] : [])),
    };
  };

  const nodes = await Promise.all(Array.from({ length: options.nodes }, (_, number) => start(number)));
  return {
    nodes,
    clock,
    table,
    log: () => log,
    /** The log itself, beside all nodes. */
    streams,
    start: () => start(nodes.length),
    /** The log is another one: empty, or what is left of the one before. */
    flush: () => {
      log = new MemoryLog();
      announced.clear();
      inner = begun(log);
    },
    /** The owner of the log starts again, and has lost nothing. */
    restart: () => {
      inner = begun(log);
    },
    beat: async (times = 1) => {
      for (let n = 0; n < times; n += 1) {
        clock.advance(1_000);
        await Promise.all(nodes.map(({ node }) => node.beat()));
        await quiet();
      }
    },
  };
};

const away = (): Promise<never> => Promise.reject(new Error('the log is out of reach'));

export type TestCluster = Awaited<ReturnType<typeof testCluster>>;
export type TestNode = TestCluster['nodes'][number];
