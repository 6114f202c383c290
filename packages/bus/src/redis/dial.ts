import { createClient } from 'redis';
import type { RedisAddress } from './address.js';
import { RedisAway, within } from './away.js';

export const CONNECT_MS = 3_000;
/** A server that does not answer for so long is given up. */
export const SILENT_MS = 2_500;
/** Commands that may wait for their answers; more are refused. */
export const MOST_WAITING = 100_000;

export type Client = ReturnType<typeof makeClient>;

/** What a server must be: the master, or, of a cluster, any node that answers. */
export type Wanted = 'master' | 'any';

/** Where a server is. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface Dialled {
  readonly client: Client;
  readonly place: Place;
  /** By `performance.now()`: the connection stood from then on. */
  readonly since: number;
}

/** What every client of this address has in common. */
export const clientOptions = ({ tls, username, password }: RedisAddress) => ({
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
  socket: { connectTimeout: CONNECT_MS, ...(tls ? { tls: true as const } : {}) },
  disableOfflineQueue: true,
  commandsQueueMaxLength: MOST_WAITING,
});

const makeClient = (address: RedisAddress, place: Place) => {
  const { socket, ...options } = clientOptions(address);
  return createClient({
    ...options,
    // Reconnecting is ours, so that it is known when subscriptions stand again.
    socket: { ...socket, ...place, reconnectStrategy: false },
    ...(address.database === undefined ? {} : { database: address.database }),
  });
};

export const destroy = (client: Client): void => {
  // One that was never connected throws.
  if (client.isOpen) client.destroy();
};

const connected = async (address: RedisAddress, place: Place): Promise<Client> => {
  const client = makeClient(address, place);
  client.on('error', () => undefined);
  try {
    await within(CONNECT_MS + 1_000, client.connect());
    return client;
  } catch (error) {
    destroy(client);
    throw error;
  }
};

/** The first that succeeds, one after the other; the last failure where none does. */
const firstOf = async <T>(places: readonly Place[], task: (place: Place) => Promise<T>): Promise<T> => {
  let last: unknown = new RedisAway('no address is given');
  for (const place of places) {
    try {
      return await task(place);
    } catch (error) {
      last = error;
    }
  }
  throw last;
};

const askSentinel = async (address: RedisAddress, place: Place): Promise<Place> => {
  const sentinel = await connected({ ...address, database: undefined }, place);
  try {
    const found = await within(
      SILENT_MS,
      sentinel.sendCommand<string[] | null>(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.master as string]),
    );
    if (found === null) throw new RedisAway(`no sentinel knows a master ${address.master}`);
    return { host: found[0] as string, port: Number(found[1]) };
  } finally {
    destroy(sentinel);
  }
};

/** Asks the sentinels, one after the other, where the master is. Many of them want no password, and refuse one. */
export const masterOf = (address: RedisAddress): Promise<Place> =>
  firstOf(address.nodes, async (place) => {
    try {
      return await askSentinel(address, place);
    } catch (error) {
      if (!/WRONGPASS|without any password/u.test(String(error))) throw error;
      return askSentinel({ ...address, username: undefined, password: undefined }, place);
    }
  });

/** Rejects where a server is not what is wanted, or not yet. */
export const ensureServes = async (client: Client, wanted: Wanted): Promise<void> => {
  const [[role]] = await within(
    SILENT_MS,
    // A server that loads its file knows its role, and answers no ping.
    Promise.all([client.sendCommand<[string]>(['ROLE']), client.ping()]),
  );
  if (wanted === 'master' && role !== 'master') throw new RedisAway('the server is not the master');
};

const open = async (address: RedisAddress, place: Place, wanted: Wanted): Promise<Dialled> => {
  const client = await connected(address, place);
  const since = performance.now();
  try {
    await ensureServes(client, wanted);
    return { client, place, since };
  } catch (error) {
    destroy(client);
    throw error;
  }
};

/** Connects to the first that is as wanted, of the nodes that are named, or of the one that the sentinels name. */
export const dial = async (address: RedisAddress, wanted: Wanted): Promise<Dialled> => {
  if (address.kind === 'sentinel') return open(address, await masterOf(address), wanted);
  return firstOf(address.nodes, (place) => open(address, place, wanted));
};
