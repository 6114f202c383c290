/** How Redis is reached. */
export interface RedisSettings {
  /**
   * `redis://` or `rediss://` (TLS); with `-sentinel` or `-cluster` behind it, and hosts parted by commas, what it says:
   * `redis-sentinel://user:password@host:26379,other:26379/name-of-the-master`, `rediss-cluster://host:6379,other:6379`.
   */
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly port: number;
  readonly password: string | undefined;
  readonly username: string | undefined;
  readonly ssl: boolean;
  /** Keys and channels begin with it. */
  readonly prefix: string;
}

export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number | undefined;
  /** The name under which sentinels know the master. */
  readonly master: string | undefined;
  /** The setting to mend where this address is wrong. */
  readonly setting: string;
}

/** A setting that keeps the bus from being opened; the message is one line that names it. */
export class RedisSettingError extends Error {
  constructor(setting: string, message: string, cause?: unknown) {
    super(`${setting}: ${message}`, cause === undefined ? {} : { cause });
    this.name = 'RedisSettingError';
  }
}

const URL_NAME = 'AIDEALS_REDIS_URL';
const FORM = /^redis(s?)(?:-(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/([^?#]*))?$/u;
const DEFAULT_PORTS = { single: 6379, cluster: 6379, sentinel: 26379 };

const wrong = (message: string): RedisSettingError => new RedisSettingError(URL_NAME, message);

const decoded = (text: string): string | undefined => {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('user and password must be percent-encoded');
  }
};

const nodeOf = (text: string, port: number): { host: string; port: number } => {
  const found = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/u.exec(text);
  const given = found?.[2] === undefined ? port : Number(found[2]);
  if (found?.[1] === undefined || given < 1 || given > 65_535) throw wrong('must name host:port');
  return { host: found[1].replace(/^\[|\]$/gu, ''), port: given };
};

const databaseOf = (path: string): number | undefined => {
  if (path === '') return undefined;
  if (!/^\d{1,4}$/u.test(path)) throw wrong('what follows the host must be the number of a database');
  return Number(path);
};

const ofUrl = (url: string): RedisAddress => {
  const found = FORM.exec(url);
  // The text is not repeated: it may hold a password.
  if (found === null) throw wrong('must be redis://host:port, or rediss, redis-sentinel or redis-cluster in its place');
  const [, s, topology, credentials = '', hosts = '', path = ''] = found;
  const kind = topology === 'sentinel' || topology === 'cluster' ? topology : 'single';
  const colon = credentials.indexOf(':');
  const nodes = hosts.split(',').map((each) => nodeOf(each, DEFAULT_PORTS[kind]));
  if (kind === 'single' && nodes.length > 1)
    throw wrong('names several hosts: say redis-cluster:// or redis-sentinel://');
  if (kind === 'sentinel' && path === '')
    throw wrong('must end with the name of the master: redis-sentinel://host:26379/mymaster');
  if (kind === 'cluster' && path !== '')
    throw wrong('a cluster has no numbered databases: leave out what follows the hosts');
  return {
    kind,
    tls: s === 's',
    nodes,
    username: decoded(colon === -1 ? credentials : credentials.slice(0, colon)),
    password: colon === -1 ? undefined : decoded(credentials.slice(colon + 1)),
    database: kind === 'single' ? databaseOf(path) : undefined,
    master: kind === 'sentinel' ? path : undefined,
    setting: URL_NAME,
  };
};

/** Where Redis is, by `url`, else by `host`; undefined where neither is set. */
export const addressOf = (settings: RedisSettings): RedisAddress | undefined => {
  const { url, host, port, ssl, username, password } = settings;
  if (url !== undefined) {
    const address = ofUrl(url);
    return { ...address, username: address.username ?? username, password: address.password ?? password };
  }
  if (host === undefined) return undefined;
  const nodes = [{ host, port }];
  return {
    kind: 'single',
    tls: ssl,
    nodes,
    username,
    password,
    database: undefined,
    master: undefined,
    setting: 'REDIS_HOST',
  };
};

/** For people: without user and password. */
export const shownAddress = ({ kind, tls, nodes }: RedisAddress): string =>
  `redis${tls ? 's' : ''}${kind === 'single' ? '' : `-${kind}`}://${nodes.map(({ host, port }) => `${host}:${port}`).join(',')}`;
