import { createClient } from 'redis';
import { type RedisAddress, RedisSettingError, shownAddress } from './address.js';

const CONNECT_MS = 3_000;
const LOOK_MS = 1_000;
/** A server that does not answer a ping for so long is given up. */
const SILENT_MS = 2_500;
const FIRST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 2_000;
/** Commands that may wait for their answers; more are refused. */
const MOST_WAITING = 100_000;

export type Client = ReturnType<typeof makeClient>;

/** Redis cannot be reached now; what was asked may or may not have been done. */
export class RedisAway extends Error {
  constructor(message = 'Redis is out of reach', cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'RedisAway';
  }
}

const makeClient = ({ tls, username, password, database }: RedisAddress, host: string, port: number) =>
  createClient({
    // Reconnecting is ours, so that it is known when subscriptions stand again.
    socket: {
      host,
      port,
      connectTimeout: CONNECT_MS,
      reconnectStrategy: false,
      ...(tls ? { tls: true as const } : {}),
    },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_WAITING,
  });

const within = async <T>(millis: number, promise: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RedisAway(`Redis did not answer within ${millis} ms`)), millis);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

const destroy = (client: Client): void => {
  // One that was never connected throws.
  if (client.isOpen) client.destroy();
};

const connected = async (address: RedisAddress, host: string, port: number): Promise<Client> => {
  const client = makeClient(address, host, port);
  client.on('error', () => undefined);
  try {
    await within(CONNECT_MS + 1_000, client.connect());
    return client;
  } catch (error) {
    destroy(client);
    throw error;
  }
};

/** Asks the sentinels, one after the other, where the master is. */
const masterOf = async (address: RedisAddress): Promise<{ host: string; port: number }> => {
  let last: unknown;
  for (const { host, port } of address.nodes) {
    try {
      const sentinel = await connected({ ...address, database: undefined }, host, port);
      try {
        const found = await within(
          SILENT_MS,
          sentinel.sendCommand<string[] | null>(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.master as string]),
        );
        if (found !== null) return { host: found[0] as string, port: Number(found[1]) };
        last = new RedisAway(`no sentinel knows a master ${address.master}`);
      } finally {
        destroy(sentinel);
      }
    } catch (error) {
      last = error;
    }
  }
  throw last;
};

const dial = async (address: RedisAddress): Promise<Client> => {
  const node =
    address.kind === 'sentinel' ? await masterOf(address) : (address.nodes[0] as { host: string; port: number });
  const client = await connected(address, node.host, node.port);
  const [role] = await within(SILENT_MS, client.sendCommand<[string]>(['ROLE']));
  if (role === 'master') return client;
  destroy(client);
  throw new RedisAway(`${node.host}:${node.port} is not a master`);
};

/** What is wrong at the start, in one line that names the setting. */
const startError = (address: RedisAddress, error: unknown): RedisSettingError => {
  const text = error instanceof Error ? error.message : String(error);
  const { code } = error as { code?: string };
  const where = shownAddress(address);
  const say = (setting: string, message: string) => new RedisSettingError(setting, message, error);
  const isUrl = address.setting === 'AIDEALS_REDIS_URL';
  const password = isUrl ? 'AIDEALS_REDIS_URL' : 'REDIS_PASSWORD';
  const ssl = isUrl ? 'AIDEALS_REDIS_URL' : 'REDIS_SSL';
  if (/NOAUTH/u.test(text)) return say(password, `${where} wants a password`);
  if (/WRONGPASS|invalid (username-)?password|without any password/iu.test(text)) {
    return say(password, `${where} refuses the user or the password`);
  }
  if (/NOPERM/u.test(text)) return say(password, `the user may not do what is needed at ${where}: ${text}`);
  if (address.tls && (/wrong version number|EPROTO|packet length|timeout/iu.test(text) || code === 'ECONNRESET')) {
    return say(ssl, `${where} does not answer in TLS`);
  }
  if (/certificate|self.signed/iu.test(text)) return say(ssl, `the certificate of ${where} is not trusted: ${text}`);
  if (!address.tls && /Socket closed unexpectedly/u.test(text))
    return say(ssl, `${where} ends the connection at once; it may want TLS`);
  return say(address.setting, `${where} cannot be reached: ${code ?? text}`);
};

export interface ConnectionOptions {
  /** Told with an error when the server is lost, and without one when it is there again. */
  readonly onState: (failure: Error | undefined) => void;
}

/**
 * One connection to the master of a Redis, for as long as the process wants it: lost ones are dialled again, and a server
 * that hangs counts as lost.
 */
export class RedisConnection {
  readonly #address: RedisAddress;
  readonly #onState: ConnectionOptions['onState'];
  readonly #ready: ((client: Client) => Promise<void>)[] = [];
  #client: Client | undefined;
  #isClosed = false;
  #look: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  private constructor(address: RedisAddress, { onState }: ConnectionOptions) {
    this.#address = address;
    this.#onState = onState;
  }

  /** Rejects with a `RedisSettingError` where it cannot be opened at all. */
  static async open(address: RedisAddress, options: ConnectionOptions): Promise<RedisConnection> {
    if (address.kind === 'cluster') {
      throw new RedisSettingError(
        address.setting,
        'Redis Cluster is not supported yet; name one server, or its sentinels',
      );
    }
    const connection = new RedisConnection(address, options);
    try {
      connection.#use(await dial(address));
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

  /** Runs with each new client after the first, before it is used. Where it rejects, the client is given up. */
  onReady(prepare: (client: Client) => Promise<void>): void {
    this.#ready.push(prepare);
  }

  /** Runs a command; whatever goes wrong with the connection is `RedisAway`. Errors that Redis answers stay what they are. */
  async run<T>(command: (client: Client) => Promise<T>): Promise<T> {
    const { client } = this;
    try {
      return await command(client);
    } catch (error) {
      if (error instanceof Error && /^[A-Z]+ /u.test(error.message) && client.isReady) throw error;
      throw new RedisAway(undefined, error);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#look);
    clearTimeout(this.#pause);
    if (this.#client !== undefined) destroy(this.#client);
    this.#client = undefined;
  }

  #use(client: Client): void {
    if (this.#isClosed) {
      destroy(client);
      return;
    }
    this.#client = client;
    this.#pauseMs = FIRST_PAUSE_MS;
    const lost = (error: Error): void => this.#lost(client, error);
    client.on('error', lost);
    client.on('end', () => lost(new RedisAway('the connection ended')));
    if (!client.isReady) lost(new RedisAway('the connection ended'));
    else this.#lookLater(client);
  }

  #lookLater(client: Client): void {
    this.#look = setTimeout(async () => {
      try {
        await within(SILENT_MS, client.ping());
        if (this.#client === client) this.#lookLater(client);
      } catch (error) {
        this.#lost(client, error as Error);
      }
    }, LOOK_MS);
    this.#look.unref();
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
    let client: Client | undefined;
    try {
      client = await dial(this.#address);
      for (const prepare of this.#ready) await within(SILENT_MS * 2, prepare(client));
    } catch {
      if (client !== undefined) destroy(client);
      this.#dialLater();
      return;
    }
    this.#use(client);
    if (this.#client === client) this.#onState(undefined);
  }
}
