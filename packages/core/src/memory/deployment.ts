import { createEngine, type EngineOptions } from '../engine.js';
import type { CallResponse, Credentials, RawCall } from '../engine-api.js';
import { type Continuation, joined, type Opening, type Outcome } from '../outcome.js';
import type { Clock, ConnectionRecord, Ids, Ports, Telemetry } from '../ports/index.js';
import { defaultSettings, type Settings } from '../settings.js';
import { memoryDirectory } from './directory.js';
import { type MemoryGateway, memoryGateway } from './gateway.js';
import { memoryLimiter } from './limiter.js';
import { memorySchedule } from './schedule.js';
import { memoryStreams } from './streams.js';
import { memoryTable } from './table.js';
import { memoryTurns } from './turns.js';

export interface DeploymentOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly verifier: EngineOptions['verifier'];
  readonly issuer?: EngineOptions['issuer'];
  readonly apiKeys?: EngineOptions['apiKeys'];
  readonly settings?: Settings;
  readonly digest: (text: string) => string;
  readonly telemetry?: Telemetry;
  /** Ports to use in place of the ones in memory. */
  readonly ports?: Partial<Ports>;
  readonly heldBytes?: number;
  /** The way out to the connections, where others have to know it too. */
  readonly gateway?: MemoryGateway;
}

const silent: Telemetry = { event: () => undefined, count: () => undefined, observe: () => undefined };

interface Session {
  record: ConnectionRecord;
  /** Exchanges and pages of one connection, one after another. */
  last: Promise<void>;
  pages: Continuation[];
}

/**
 * The whole core with every port in memory, and a runtime that applies outcomes in the order that they ask for: the
 * reference for what a runtime has to do, and what tests and simulations run on. It has no timer: `tick` runs what is due.
 */
export const memoryDeployment = (options: DeploymentOptions) => {
  const { clock, ids, digest } = options;
  const gateway =
    options.gateway ?? memoryGateway(options.heldBytes === undefined ? {} : { heldBytes: options.heldBytes });
  const schedule = memorySchedule();
  const ports: Ports = {
    clock,
    ids,
    table: memoryTable(clock),
    streams: memoryStreams({ clock, segment: () => ids.next('mark').replaceAll('-', '') }),
    directory: memoryDirectory(),
    gateway,
    limiter: memoryLimiter(clock),
    schedule,
    turns: memoryTurns(),
    telemetry: options.telemetry ?? silent,
    digest,
    ...options.ports,
  };
  const engine = createEngine({
    ports,
    settings: options.settings ?? defaultSettings,
    verifier: options.verifier,
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
    ...(options.apiKeys === undefined ? {} : { apiKeys: options.apiKeys }),
  });
  const sessions = new Map<string, Session>();

  const apply = async (connectionId: string, outcome: Outcome): Promise<void> => {
    const session = sessions.get(connectionId);
    if (session === undefined) return;
    if (outcome.record !== undefined) {
      session.record = { ...session.record, ...outcome.record };
      await ports.directory.patch(connectionId, outcome.record);
    }
    if (outcome.reply !== undefined) await ports.gateway.send([connectionId], outcome.reply);
    for (const push of outcome.pushes ?? []) await ports.gateway.send(push.to, push.frame);
    if (outcome.served !== undefined) ports.gateway.served(connectionId, outcome.served);
    if (outcome.close !== undefined) await ports.gateway.close(connectionId, outcome.close);
  };

  const pages = async (connectionId: string): Promise<void> => {
    const session = sessions.get(connectionId);
    while (session !== undefined && session.record.expired !== true) {
      const page = session.pages.shift();
      if (page === undefined) return;
      const outcome = await engine.resume(session.record, page);
      await apply(connectionId, outcome);
      session.pages.unshift(...(outcome.next ?? []));
    }
  };

  /** An exchange's own outcome: what it begins comes behind what is under way. */
  const exchange = async (connectionId: string, outcome: Outcome): Promise<void> => {
    await apply(connectionId, outcome);
    const session = sessions.get(connectionId);
    if (session !== undefined) session.pages = joined(session.pages, outcome.next ?? []);
  };

  const inOrder = (connectionId: string, work: (session: Session) => Promise<void>): Promise<void> => {
    const session = sessions.get(connectionId);
    if (session === undefined) return Promise.resolve();
    session.last = session.last.then(() => work(session)).then(() => pages(connectionId));
    return session.last;
  };

  return {
    engine,
    ports,
    gateway,

    /** Opens a connection and hands over what waits. */
    async connect(connectionId: string, token: string | undefined, client?: string): Promise<Opening> {
      const opening = await engine.open({ connectionId, token, client, ip: '127.0.0.1' });
      if (!opening.accepted) return opening;
      gateway.connect(connectionId);
      sessions.set(connectionId, { record: opening.record, last: Promise.resolve(), pages: [] });
      await inOrder(connectionId, async ({ record }) => exchange(connectionId, await engine.opened(record)));
      return opening;
    },

    /** One text message of a client; resolves when its outcome, and the pages that it began, are applied. */
    frame: (connectionId: string, text: string): Promise<void> =>
      inOrder(connectionId, async ({ record }) =>
        exchange(connectionId, await engine.frame(record, text, text.length)),
      ),

    call: (credentials: Credentials, call: RawCall): Promise<CallResponse> => engine.call(credentials, call),

    async disconnect(connectionId: string): Promise<void> {
      sessions.delete(connectionId);
      gateway.disconnect(connectionId);
      await engine.closed(connectionId);
    },

    /** Runs what is due by the clock. */
    async tick(): Promise<void> {
      for (const event of schedule.due(clock.now())) {
        const { connectionId, outcome } = await engine.due(event);
        if (connectionId !== undefined) await inOrder(connectionId, () => exchange(connectionId, outcome));
      }
    },
  };
};

export type MemoryDeployment = ReturnType<typeof memoryDeployment>;
