import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createIssuer } from '@aideals/core';
import { WebSocket } from 'ws';
import type { Environment } from '../config/index.js';
import { parseConfig } from '../config/index.js';
import { createServer, type Server } from '../serve.js';

export const SECRET = 'a-secret-for-tests-of-more-than-32-bytes';
export const KEY = 'a-key-for-tests';

export const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'aideals-server-'));

export interface ServerFrame {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly requestId?: string;
  readonly id?: string;
}

/** A client that keeps what it hears, and waits for it. */
export class TestClient {
  readonly socket: WebSocket;
  readonly heard: ServerFrame[] = [];
  closedWith: readonly [number, string] | undefined;
  #waiting: (() => void)[] = [];

  constructor(url: string, options: object = {}) {
    this.socket = new WebSocket(url, options);
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data) => {
      this.heard.push(JSON.parse(String(data)) as ServerFrame);
      this.#wake();
    });
    this.socket.on('close', (code, reason) => {
      this.closedWith = [code, String(reason)];
      this.#wake();
    });
  }

  send(action: string, data: object = {}, requestId?: string): void {
    this.socket.send(JSON.stringify({ action, data, requestId }));
  }

  async ask(action: string, data: object = {}): Promise<ServerFrame> {
    const requestId = `${action}-${this.heard.length}`;
    this.send(action, data, requestId);
    return this.until((frame) => frame.requestId === requestId);
  }

  async until(condition: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
    for (;;) {
      const found = this.heard.find(condition);
      if (found !== undefined) return found;
      if (this.closedWith !== undefined) throw new Error(`closed with ${this.closedWith.join(' ')}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async closed(): Promise<readonly [number, string]> {
    while (this.closedWith === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.closedWith;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export interface TestServer {
  readonly server: Server;
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** The lines of the log. */
  readonly log: () => string;
  token(sub: string, scope?: string, seconds?: number): Promise<string>;
  connect(sub: string, query?: string): Promise<TestClient>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  publish(body: unknown): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Why a server with these settings cannot start, in its own words. */
export const refusalOf = async (env: Environment): Promise<string> => {
  const parsed = parseConfig({ PORT: '0', JWT_SECRET: SECRET, ...env });
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  const server = createServer({ ...parsed.config, logLevel: 'silent' });
  try {
    await server.start();
  } catch (error) {
    return (error as Error).message;
  }
  await server.stop();
  throw new Error('it started');
};

const issuer = createIssuer({ secret: SECRET, algorithm: 'HS256' });

export const tokenFor = (sub: string, scopes: readonly string[] = [], seconds = 3_600): Promise<string> => {
  const iat = Math.floor(Date.now() / 1000);
  return issuer.issue({ sub, scopes, iat, exp: iat + seconds, authTime: iat });
};

/** A server on a free port and a fresh data folder, ready. */
export const testServer = async (env: Environment = {}, options: { pageDir?: string } = {}): Promise<TestServer> => {
  const folder = env['AIDEALS_DATA_DIR'] ?? freshFolder();
  const parsed = parseConfig({
    PORT: '0',
    JWT_SECRET: SECRET,
    AIDEALS_API_KEYS: `tests:${KEY}:publish+admin`,
    AIDEALS_DATA_DIR: folder,
    AIDEALS_RATE_LIMIT: 'off',
    AIDEALS_DRAIN_SECONDS: '1',
    ...env,
  });
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  const lines: string[] = [];
  const log = new Writable({
    write: (chunk, _, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const server = createServer(parsed.config, { ...options, log });
  await server.start();
  const { url } = server;
  return {
    server,
    url,
    port: Number(new URL(url).port),
    dataDir: folder,
    log: () => lines.join(''),
    token: (sub, scope = '', seconds = 3_600) =>
      tokenFor(
        sub,
        scope.split(' ').filter((each) => each !== ''),
        seconds,
      ),
    connect: async (sub, query = '') => {
      const client = new TestClient(`${url.replace('http', 'ws')}/ws?token=${await tokenFor(sub)}${query}`);
      await once(client.socket, 'open');
      return client;
    },
    fetch: (path, init) => fetch(`${url}${path}`, init),
    publish: async (body) => {
      const response = await fetch(`${url}/v1/broadcast`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': KEY },
        body: JSON.stringify(body),
      });
      if (response.status !== 200) throw new Error(await response.text());
      return (await response.json()) as Record<string, unknown>;
    },
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
