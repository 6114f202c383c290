import { randomBytes } from 'node:crypto';
import type { JsonObject } from '@aideals/protocol';
import { expect } from 'vitest';
import type { DialOptions } from './handshake.js';
import type { HttpAnswer, HttpOptions } from './http.js';
import { type Dialled, RawClient } from './raw-client.js';
import { Session } from './session.js';
import type { Server, Target } from './target.js';
import { type Claims, tokenFor } from './tokens.js';

export interface OpenOptions extends DialOptions {
  readonly user?: string;
  readonly token?: string;
  readonly claims?: Claims;
  /** The value of `?client=`. */
  readonly client?: string;
  /** The value of `?batch=`. */
  readonly batch?: string;
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

const unique = (prefix: string): string => `${prefix}-${randomBytes(6).toString('hex')}`;

/** A bench on a server that `lend` gives, before the first check. */
export class SuiteBench implements Bench {
  readonly target: Target;
  readonly #lend: () => Promise<Server>;
  #server: Server | undefined;
  #clients: RawClient[] = [];
  #published: string | undefined;

  constructor(target: Target, lend: () => Promise<Server>) {
    this.target = target;
    this.#lend = lend;
  }

  get server(): Server {
    if (this.#server === undefined) throw new Error('the server is not started');
    return this.#server;
  }

  async start(): Promise<void> {
    this.#server = await this.#lend();
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
    const batch = options.batch === undefined ? '' : `&batch=${options.batch}`;
    return { ...options, path: options.path ?? `/?token=${token}${client}${batch}` };
  }

  async open(options: OpenOptions = {}): Promise<Session> {
    const user = options.user ?? this.user();
    const session = await Session.open(this.server.url, user, this.#dialOptions(user, options));
    if (this.target.nodes > 1) session.published = () => this.#published;
    session.resumesEarlier = this.target.kind === 'serverless';
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
    const published = answer.json as Published;
    this.#published = published.id;
    return published;
  }

  async publishMany(events: readonly JsonObject[]): Promise<Published[]> {
    const answer = await this.call('POST', '/v1/broadcast', { body: events });
    expect(answer.status, answer.text.slice(0, 400)).toBe(200);
    const published = answer.json as Published[];
    this.#published = published.at(-1)?.id;
    return published;
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
