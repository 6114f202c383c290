import type { FastifyInstance } from 'fastify';
import { type Backing, openBacking } from './backing/backing.js';
import { Beats } from './beats.js';
import { clock, compose, ids, type Running, type ServerOptions, segment } from './compose.js';
import type { Config } from './config/index.js';
import { drain, within } from './drain.js';
import { listenError } from './start-error.js';
import { FaultLog } from './telemetry/faults.js';
import { createLog } from './telemetry/log.js';
import { intakeTo, stateTo } from './telemetry/states.js';
import { openWorkerBacking } from './workers/backing.js';

export interface Server {
  /** Where it listens, when it does. */
  readonly url: string;
  /** Resolves when it is ready. Rejects with one line that names the setting and the fix where it cannot. */
  start(): Promise<void>;
  /** Resolves where it cannot go on, though it was ready, with one line that tells why: then it is to be stopped. */
  readonly failed?: Promise<Error>;
  /** Drains, and resolves when everything is closed. Loses nothing that was confirmed. */
  stop(): Promise<void>;
}

const urlOf = (app: FastifyInstance): string => {
  const [address] = app.addresses();
  if (address === undefined || typeof address === 'string') return '';
  const isAny = address.address === '0.0.0.0' || address.address === '::';
  const host = isAny ? '127.0.0.1' : address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
};

/** How long the last words to other nodes may take. */
const LAST_WORDS_MS = 3_000;

type Begun = Running & { readonly beats: Beats };

const begin = (running: Running, keepsHouse: boolean): Begun => {
  const { alarm, schedule, watch, node } = running;
  alarm.start(schedule);
  if (keepsHouse) {
    schedule.set('trim', clock.now(), { kind: 'trim' });
    schedule.set('sweep', clock.now(), { kind: 'sweep' });
  }
  watch.start();
  return { ...running, beats: new Beats(node) };
};

const end = async (begun: Begun, drainMs: number): Promise<void> => {
  const { app, readiness, sockets, alarm, watch, beats, node, backing, log } = begun;
  const { intake } = backing.shared ?? {};
  const began = performance.now();
  log.info({ connections: sockets.size }, 'draining');
  readiness.isDraining = true;
  let closed: Promise<unknown> = Promise.resolve();
  await drain(sockets, drainMs, () => {
    closed = app.close();
  });
  await within(drainMs - (performance.now() - began), closed);
  app.server.closeAllConnections();
  await closed;
  alarm.stop();
  watch.stop();
  beats.stop();
  const lastWords = Promise.all([intake?.stop(), node?.stop()]);
  await within(LAST_WORDS_MS, lastWords);
  await backing.close();
  log.info('stopped');
};

/** A server: with everything in one process, or as a node among others, as its settings say. */
export const createServer = (config: Config, options: ServerOptions = {}): Server => {
  let running: Begun | undefined;
  let stopping: Promise<void> | undefined;
  let url = '';
  return {
    get url() {
      return url;
    },
    async start() {
      const log = createLog(config.logLevel, options.log);
      const nodeId = ids.next();
      const faults = new FaultLog({ log, now: () => performance.now() });
      const failed = (where: string, error: unknown): void => faults.tell(where, error);
      const { worker } = options;
      const told = { onState: stateTo(log), report: intakeTo(log), warn: (line: string) => log.warn(line), failed };
      const backing: Backing =
        worker === undefined
          ? await openBacking(config, { clock, nodeId, segment, ...told })
          : await openWorkerBacking({ ...worker, failed });
      let composed: Running;
      try {
        composed = await compose(config, options, { backing, nodeId, log, faults });
        await composed.node?.start();
        await backing.shared?.intake?.start();
        await composed.app.listen({ host: config.host, port: config.port });
      } catch (error) {
        await backing.close();
        throw listenError(error, config.host, config.port);
      }
      url = urlOf(composed.app);
      running = begin(composed, worker?.keepsHouse ?? true);
      log.info({ url, ...backing.names, ...(composed.node === undefined ? {} : { nodeId }) }, 'ready');
    },
    stop() {
      stopping ??= running === undefined ? Promise.resolve() : end(running, config.drainSeconds * 1000);
      return stopping;
    },
  };
};
