import type { RedisAddress } from './address.js';
import { RedisAway, within } from './away.js';
import {
  type Client,
  type Dialled,
  destroy,
  dial,
  ensureServes,
  masterOf,
  type Place,
  SILENT_MS,
  type Wanted,
} from './dial.js';
import { startError } from './start-error.js';

const LOOK_MS = 1_000;
/** Looks after which sentinels are asked whether the master is still the same. */
const SENTINEL_LOOKS = 5;
const FIRST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 2_000;

/** Words of servers that cannot serve now: what they refuse is to be asked again, of them or of another. */
const NOT_NOW = new Set(['READONLY', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN']);

/** The first word of what Redis itself answered; undefined where the error is not of Redis. */
const wordOf = (error: unknown): string | undefined =>
  error instanceof Error ? /^([A-Z]+) /u.exec(error.message)?.[1] : undefined;

/** What went wrong as its caller should see it: errors that Redis answers stay what they are, all else is `RedisAway`. */
export const asSeen = (error: unknown): unknown => {
  const word = wordOf(error);
  if (error instanceof RedisAway || (word !== undefined && !NOT_NOW.has(word))) return error;
  return new RedisAway(undefined, error);
};

export interface ConnectionOptions {
  /** Told with an error when the server is lost, and without one when it is there again. */
  readonly onState: (failure: Error | undefined) => void;
  /** The master, where it is left out. */
  readonly wanted?: Wanted;
}

/**
 * One connection to the master of a Redis (or, of a cluster, to any of its nodes), for as long as the process wants it: lost
 * ones are dialled again, and a server that hangs, or is the master no more, counts as lost.
 */
export class RedisConnection {
  readonly #address: RedisAddress;
  readonly #onState: ConnectionOptions['onState'];
  readonly #wanted: Wanted;
  readonly #prepares: ((client: Client) => Promise<void>)[] = [];
  readonly #ups: (() => void)[] = [];
  #client: Client | undefined;
  #asOf = 0;
  #isClosed = false;
  #look: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  private constructor(address: RedisAddress, { onState, wanted = 'master' }: ConnectionOptions) {
    this.#address = address;
    this.#onState = onState;
    this.#wanted = wanted;
  }

  /** Rejects with a `RedisSettingError` where it cannot be opened at all. */
  static async open(address: RedisAddress, options: ConnectionOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(address, options);
    try {
      connection.#use(await dial(address, connection.#wanted));
    } catch (error) {
      throw startError(address, error);
    }
    return connection;
  }

  /** The client of the moment. Throws `RedisAway` where there is none. */
  get client(): Client {
    if (this.#client === undefined) throw new RedisAway();
    return this.#client;
  }

  get isUp(): boolean {
    return this.#client !== undefined;
  }

  /** By `performance.now()`: what the server sent before this moment has been heard, so what is heard now is later. */
  get asOf(): number {
    return this.#asOf;
  }

  /** Runs with each new client after the first, before it is used. Where it rejects, the client is given up. */
  onReady(prepare: (client: Client) => Promise<void>): void {
    this.#prepares.push(prepare);
  }

  /** Called each time that the connection is in use again. */
  onUp(listener: () => void): void {
    this.#ups.push(listener);
  }

  /** Runs a command; whatever goes wrong with the connection is `RedisAway`. Errors that Redis answers stay what they are. */
  async run<T>(command: (client: Client) => Promise<T>): Promise<T> {
    const { client } = this;
    try {
      return await command(client);
    } catch (error) {
      if (!client.isReady) throw new RedisAway(undefined, error);
      if (wordOf(error) === 'READONLY') this.#lost(client, error as Error);
      throw asSeen(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#look);
    clearTimeout(this.#pause);
    if (this.#client !== undefined) destroy(this.#client);
    this.#client = undefined;
  }

  #use({ client, place, since }: Dialled): void {
    if (this.#isClosed) {
      destroy(client);
      return;
    }
    this.#client = client;
    this.#asOf = since;
    this.#pauseMs = FIRST_PAUSE_MS;
    const lost = (error: Error): void => this.#lost(client, error);
    client.on('error', lost);
    client.on('end', () => lost(new RedisAway('the connection ended')));
    if (!client.isReady) lost(new RedisAway('the connection ended'));
    else this.#lookLater(client, place, 1);
  }

  #lookLater(client: Client, place: Place, count: number): void {
    this.#look = setTimeout(async () => {
      const now = performance.now();
      try {
        await ensureServes(client, this.#wanted);
        // What was sent before the answer has been handed on before it.
        if (this.#client === client) this.#asOf = now;
        if (count % SENTINEL_LOOKS === 0) await this.#ensureStillMaster(place);
        if (this.#client === client) this.#lookLater(client, place, count + 1);
      } catch (error) {
        this.#lost(client, error as Error);
      }
    }, LOOK_MS);
    this.#look.unref();
  }

  /** A master that was cut off from the others does not know that they have another one. */
  async #ensureStillMaster({ host, port }: Place): Promise<void> {
    if (this.#address.kind !== 'sentinel') return;
    // Where no sentinel answers, nobody knows better.
    const master = await masterOf(this.#address).catch(() => undefined);
    if (master === undefined || (master.host === host && master.port === port)) return;
    throw new RedisAway('the sentinels name another master');
  }

  #lost(client: Client, error: Error): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    clearTimeout(this.#look);
    destroy(client);
    this.#onState(error);
    this.#dialLater();
  }

  #dialLater(): void {
    if (this.#isClosed) return;
    // Spread, so that the nodes of a deployment do not all come back at once.
    const pause = this.#pauseMs * (0.5 + Math.random());
    this.#pauseMs = Math.min(this.#pauseMs * 2, MOST_PAUSE_MS);
    this.#pause = setTimeout(() => void this.#dialAgain(), pause);
  }

  async #dialAgain(): Promise<void> {
    let dialled: Dialled | undefined;
    try {
      dialled = await dial(this.#address, this.#wanted);
      for (const prepare of this.#prepares) await within(SILENT_MS * 2, prepare(dialled.client));
    } catch {
      if (dialled !== undefined) destroy(dialled.client);
      this.#dialLater();
      return;
    }
    this.#use(dialled);
    if (this.#client !== dialled.client) return;
    this.#onState(undefined);
    for (const told of this.#ups) told();
  }
}
