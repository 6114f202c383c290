import cluster, { type Worker } from 'node:cluster';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createListener, type Server as Listener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryLimiter } from '@aideals/core/memory';
import { openStore } from '../backing/embedded.js';
import { clock, type ServerOptions, segment } from '../compose.js';
import type { Config } from '../config/index.js';
import type { Server } from '../serve.js';
import { listenError, StartError } from '../start-error.js';
import { createLog, type Logger } from '../telemetry/log.js';
import { countedOfProcess } from '../telemetry/metrics.js';
import { stateTo } from '../telemetry/states.js';
import { watchHandoffs } from './handoffs.js';
import { ownerOf } from './owner.js';

/** What a worker finds in its environment. */
export const OWNER_SOCKET = 'WORKER_OWNER_SOCKET';
export const WORKER_NUMBER = 'WORKER_NUMBER';
export const STOP = 'stop';

const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 5_000;
/** A worker that lives for so long has not died of its start. */
const STABLE_MS = 10_000;
/** So many in a row that were never ready are no accident. */
const MOST_FAILED_STARTS = 5;

interface Herd {
  readonly log: Logger;
  readonly path: string;
  readonly onListening: (worker: Worker, url: string) => void;
  /** No worker can start: at the beginning, or again and again later. */
  readonly onFailed: (error: Error) => void;
}

const urlOf = ({ address, port }: { address: string; port: number }): string => {
  const host = address === '0.0.0.0' || address === '::' || address === '' ? '127.0.0.1' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
};

/** Keeps the workers alive: one that dies is replaced, after a pause that grows where that happens again and again. */
class Workers {
  readonly #herd: Herd;
  readonly #living = new Map<number, Worker>();
  readonly #pauses = new Map<number, NodeJS.Timeout>();
  #isStopping = false;
  /** Whether all have been up once. */
  #hasBegun = false;
  #failedStarts = 0;
  #empty: (() => void) | undefined;

  constructor(herd: Herd) {
    this.#herd = herd;
  }

  start(number: number, pauseMs = FIRST_PAUSE_MS): void {
    const { log, path, onListening, onFailed } = this.#herd;
    const began = performance.now();
    const worker = cluster.fork({ [OWNER_SOCKET]: path, [WORKER_NUMBER]: String(number) });
    const giveBack = watchHandoffs(worker.process);
    this.#living.set(number, worker);
    let wasUp = false;
    let problem: string | undefined;
    worker.on('message', (message: { problem?: string }) => {
      problem = message.problem ?? problem;
    });
    worker.once('listening', (address) => {
      wasUp = true;
      this.#failedStarts = 0;
      onListening(worker, urlOf(address));
    });
    worker.once('exit', (code, signal) => {
      this.#living.delete(number);
      giveBack();
      if (this.#isStopping) {
        if (this.#living.size === 0) this.#empty?.();
        return;
      }
      if (!wasUp) {
        this.#failedStarts += 1;
        const why = problem ?? `a worker ended with ${signal ?? code} before it was ready; its log tells why`;
        const again = this.#hasBegun ? ` (${this.#failedStarts} times in a row)` : '';
        if (!this.#hasBegun || this.#failedStarts >= MOST_FAILED_STARTS) {
          onFailed(new StartError(`${why}${again}`));
          return;
        }
      }
      const isStable = performance.now() - began > STABLE_MS;
      const next = isStable ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, MOST_PAUSE_MS);
      log.error({ worker: number, code, signal, againMs: next }, 'a worker died; another takes its place');
      this.#pauses.set(
        number,
        setTimeout(() => this.start(number, next), next),
      );
    });
  }

  /** All are up: one that dies from here on has a life to go back to. */
  begun(): void {
    this.#hasBegun = true;
  }

  /** Lets all of them drain, and resolves when they are gone. */
  stop(): Promise<void> {
    this.#isStopping = true;
    for (const pause of this.#pauses.values()) clearTimeout(pause);
    if (this.#living.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#empty = resolve;
      for (const worker of this.#living.values()) worker.send(STOP, (error) => error && worker.kill('SIGKILL'));
    });
  }
}

const listening = (listener: Listener, path: string): Promise<void> =>
  new Promise((resolve, reject) => listener.once('error', reject).listen(path, resolve));

/**
 * The owner of the store and the log, which serves no socket itself: its workers do, on one port, and have all they keep
 * from it. A worker that dies is replaced; where the owner dies, all end.
 */
export const createPrimary = (config: Config, options: ServerOptions = {}): Server => {
  let url = '';
  let end: (() => Promise<void>) | undefined;
  let stopping: Promise<void> | undefined;
  let giveUp = (_: Error): void => undefined;
  const failed = new Promise<Error>((resolve) => {
    giveUp = resolve;
  });
  return {
    failed,
    get url() {
      return url;
    },
    async start() {
      const log = createLog(config.logLevel, options.log);
      const store = await openStore(config.dataDir, { clock, segment, onState: stateTo(log) });
      // Nobody else may dial: the folder is this user's alone.
      const folder = await mkdtemp(join(tmpdir(), 'aideals-'));
      const path = join(folder, 'owner');
      const { table, streams } = store;
      const owner = await ownerOf({
        table,
        streams,
        clock,
        limiter: memoryLimiter(clock),
        counted: countedOfProcess,
        stats: () => ({ flushes: store.stats().flushes, writes: store.stats().writes }),
      });
      const listener = createListener((socket) => owner.accept(socket));
      let workers: Workers | undefined;
      const close = async (): Promise<void> => {
        await workers?.stop();
        listener.close();
        await store.close();
        await rm(folder, { recursive: true, force: true });
      };
      try {
        await listening(listener, path);
        const up = new Set<Worker>();
        url = await new Promise<string>((resolve, reject) => {
          workers = new Workers({
            log,
            path,
            onFailed: (error) => {
              reject(error);
              giveUp(error);
            },
            onListening: (worker, at) => {
              if (up.add(worker).size === config.workers) resolve(at);
            },
          });
          for (let number = 1; number <= config.workers; number += 1) workers.start(number);
        });
      } catch (error) {
        await close();
        throw error instanceof StartError ? error : listenError(error, config.host, config.port);
      }
      end = async () => {
        await close();
        log.info('stopped');
      };
      workers?.begun();
      log.info({ url, dataDir: config.dataDir, workers: config.workers }, 'ready');
    },
    stop() {
      stopping ??= end === undefined ? Promise.resolve() : end();
      return stopping;
    },
  };
};
