import type { FastifyInstance } from 'fastify';
import { clock, compose, openStore, type Running, type ServerOptions } from './compose.js';
import type { Config } from './config/index.js';
import { drain, within } from './drain.js';
import { listenError } from './start-error.js';

export interface Server {
  /** Where it listens, when it does. */
  readonly url: string;
  /** Resolves when it is ready. Rejects with one line that names the setting and the fix where it cannot. */
  start(): Promise<void>;
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

const begin = ({ alarm, schedule, watch }: Running): void => {
  alarm.start(schedule);
  schedule.set('trim', clock.now(), { kind: 'trim' });
  schedule.set('sweep', clock.now(), { kind: 'sweep' });
  watch.start();
};

const end = async ({ app, readiness, sockets, alarm, watch, store, log }: Running, drainMs: number): Promise<void> => {
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
  await store.close();
  log.info('stopped');
};

/** A server over the embedded store, with everything in one process. */
export const createServer = (config: Config, options: ServerOptions = {}): Server => {
  let running: Running | undefined;
  let stopping: Promise<void> | undefined;
  let url = '';
  return {
    get url() {
      return url;
    },
    async start() {
      // A store that fails is told of once, and once when it works again, whoever asked it to write.
      const store = await openStore(config, (failure) => {
        if (failure === undefined) running?.log.warn('the store can be written again');
        else running?.log.error({ reason: failure.message }, 'the store cannot be written');
      });
      try {
        const composed = await compose(config, options, store);
        await composed.app.listen({ host: config.host, port: config.port });
        running = composed;
      } catch (error) {
        await store.close();
        throw listenError(error, config.host, config.port);
      }
      url = urlOf(running.app);
      begin(running);
      running.log.info({ url, dataDir: config.dataDir }, 'ready');
    },
    stop() {
      stopping ??= running === undefined ? Promise.resolve() : end(running, config.drainSeconds * 1000);
      return stopping;
    },
  };
};
