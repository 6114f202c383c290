import { randomBytes } from 'node:crypto';
import type { JsonObject, ServerFrame } from '@aideals/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chooseTargets } from './choose-targets.js';
import type { DialOptions } from './handshake.js';
import type { HttpAnswer, HttpOptions } from './http.js';
import { type Dialled, RawClient } from './raw-client.js';
import { idsOf, readRules } from './rules.js';
import { Session } from './session.js';
import type { Env, Server, Target } from './target.js';
import { type Claims, tokenFor } from './tokens.js';

export interface OpenOptions extends DialOptions {
  readonly user?: string;
  readonly token?: string;
  readonly claims?: Claims;
  /** The value of `?client=`. */
  readonly client?: string;
}

export interface Published {
  readonly id: string;
  readonly delivered: number;
  readonly total: number;
}

/** What a suite works with. `server` is there while a check runs. */
export interface Bench {
  readonly target: Target;
  readonly server: Server;
  /** A user that no one else is. */
  user(): string;
  /** A topic that no one else has. */
  topic(): string;
  token(user: string, claims?: Claims): string;
  /** An open connection; it is closed when the check is done. */
  open(options?: OpenOptions): Promise<Session>;
  /** A dial that may be refused. */
  dial(options?: OpenOptions): Promise<Dialled>;
  /** Opens, and has had an answer: what waited for the user is on its way. */
  openSettled(options?: OpenOptions): Promise<Session>;
  /** An HTTP call as one who may do everything, where no token is given. */
  call(method: string, path: string, options?: HttpOptions): Promise<HttpAnswer>;
  publish(topic: string, data: JsonObject, more?: JsonObject): Promise<Published>;
  publishMany(events: readonly JsonObject[]): Promise<Published[]>;
  notify(user: string, more?: JsonObject): Promise<string>;
  /** Ends the server by a signal and starts one again on its data folder. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export type Check = (title: string, body: () => Promise<void>, ms?: number) => void;

export interface SuiteOptions {
  /** Settings of the suite's own server; a target that cannot be started with any leaves the suite out. */
  readonly env?: Env;
  /** Runs the checks side by side: for those that wait for the server's clock. */
  readonly concurrent?: boolean;
}

const rules = readRules();
const targets = chooseTargets(process.env);

/** Whether a deployment of this kind must keep one of the rules to the letter. */
const applies = (ids: readonly string[], kind: Target['kind']): boolean =>
  ids.some((id) => {
    const rule = rules.get(id);
    if (rule === undefined) throw new Error(`there is no rule ${id} in docs/protocol.md`);
    return kind === 'self-hosted' || (rule.serverless === undefined && !rule.selfHosted);
  });

const unique = (prefix: string): string => `${prefix}-${randomBytes(6).toString('hex')}`;

class SuiteBench implements Bench {
  readonly target: Target;
  readonly #env: Env | undefined;
  #server: Server | undefined;
  #clients: RawClient[] = [];

  constructor(target: Target, env: Env | undefined) {
    this.target = target;
    this.#env = env;
  }

  get server(): Server {
    if (this.#server === undefined) throw new Error('the server is not started');
    return this.#server;
  }

  async start(): Promise<void> {
    this.#server = await this.target.start(this.#env);
  }

  async stop(): Promise<void> {
    await this.closeAll();
    await this.#server?.stop();
  }

  async closeAll(): Promise<void> {
    const clients = this.#clients.splice(0);
    for (const client of clients) {
      client.destroy();
      await client.closed;
    }
  }

  user(): string {
    return unique('user');
  }

  topic(): string {
    return unique('topic');
  }

  token(user: string, claims?: Claims): string {
    return tokenFor(this.server.secret, user, claims);
  }

  #dialOptions(user: string, options: OpenOptions): DialOptions {
    const token = options.token ?? this.token(user, options.claims);
    const client = options.client === undefined ? '' : `&client=${options.client}`;
    return { ...options, path: options.path ?? `/?token=${token}${client}` };
  }

  async open(options: OpenOptions = {}): Promise<Session> {
    const user = options.user ?? this.user();
    const session = await Session.open(this.server.url, user, this.#dialOptions(user, options));
    this.#clients.push(session.raw);
    return session;
  }

  async openSettled(options: OpenOptions = {}): Promise<Session> {
    const session = await this.open(options);
    await session.ask('ping');
    return session;
  }

  async dial(options: OpenOptions = {}): Promise<Dialled> {
    const dialled = await RawClient.dial(this.server.url, this.#dialOptions(options.user ?? this.user(), options));
    if (dialled.open) this.#clients.push(dialled.client);
    return dialled;
  }

  call(method: string, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    const headers = Object.keys(options.headers ?? {}).map((name) => name.toLowerCase());
    const own = 'token' in options || headers.includes('authorization') || headers.includes('x-api-key');
    const token = own ? options.token : this.token('publisher', { scope: 'publish admin' });
    return this.server.call(method, path, { ...options, token });
  }

  async publish(topic: string, data: JsonObject, more: JsonObject = {}): Promise<Published> {
    const answer = await this.call('POST', '/v1/broadcast', { body: { topic, data, ...more } });
    expect(answer, answer.text).toMatchObject({ status: 200, json: { broadcast: 'success' } });
    return answer.json as Published;
  }

  async publishMany(events: readonly JsonObject[]): Promise<Published[]> {
    const answer = await this.call('POST', '/v1/broadcast', { body: events });
    expect(answer.status, answer.text.slice(0, 400)).toBe(200);
    return answer.json as Published[];
  }

  async notify(user: string, more: JsonObject = {}): Promise<string> {
    const body = { userId: user, title: 'Price drop', message: 'The headphones are 30% off.', ...more };
    const answer = await this.call('POST', '/v1/notifications', { body });
    expect(answer.status, answer.text).toBe(200);
    return (answer.json as { notificationIds: [string] }).notificationIds[0];
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const old = this.server;
    old.process?.signal(signal);
    await old.process?.exited;
    this.#server = await this.target.revive(old);
  }
}

/** Runs a suite on every target, each with a server of the suite's own. */
export const onTargets = (title: string, options: SuiteOptions, body: (bench: Bench, check: Check) => void): void => {
  for (const target of targets) {
    if (options.env !== undefined && !target.settable) continue;
    describe(`${target.name}: ${title}`, () => {
      const bench = new SuiteBench(target, options.env);
      beforeAll(() => bench.start());
      if (options.concurrent !== true) afterEach(() => bench.closeAll());
      afterAll(() => bench.stop());
      body(bench, (name, run, ms) => {
        if (!applies(idsOf(name), target.kind)) return;
        (options.concurrent === true ? test.concurrent : test)(name, run, ms);
      });
    });
  }
};

/** Runs checks that start servers themselves, on every target that can be started. */
export const onStartable = (title: string, body: (target: Target, check: Check) => void): void => {
  for (const target of targets) {
    if (!target.settable) continue;
    describe(`${target.name}: ${title}`, () => {
      body(target, (name, run, ms) => {
        if (applies(idsOf(name), target.kind)) test(name, run, ms);
      });
    });
  }
};

/** A string field of a frame's data. */
export const str = (frame: ServerFrame, field: string): string => {
  const value = frame.data[field];
  if (typeof value !== 'string') throw new Error(`${frame.type} has no ${field}: ${JSON.stringify(frame.data)}`);
  return value;
};

/** The offset of an event's id. */
export const offsetOf = (id: string | undefined): number => Number(/-(\d+)$/.exec(id ?? '')?.[1] ?? Number.NaN);

export const epochOf = (id: string): string => id.slice(0, id.lastIndexOf('-'));

/** What an error frame, or the body of an HTTP error, must hold. */
export const errorWith = (code: string, ...paths: readonly string[]) =>
  expect.objectContaining({
    type: 'error',
    timestamp: expect.any(Number),
    data: expect.objectContaining({
      code,
      message: expect.any(String),
      ...(paths.length === 0
        ? {}
        : {
            details: expect.objectContaining({
              fields: expect.arrayContaining(
                paths.map((path) => expect.objectContaining({ path, message: expect.any(String) })),
              ),
            }),
          }),
    }),
  });
