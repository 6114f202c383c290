import { WireError } from '@aideals/protocol';

/** The subprotocol that is selected, wherever it stands in the client’s list; a token travels in one beside it. */
export const SUBPROTOCOL = 'aideals.v1';
const TOKEN_PREFIX = 'aideals.token.';

/** A token of RFC 9110, which a subprotocol's name is. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;
const BEARER = /^Bearer +(\S+) *$/iu;
const CLIENT = /^[A-Za-z0-9_-]{1,64}$/u;

/** What a client says of itself at the upgrade, as any runtime reads it from its own request. */
export interface Presented {
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** The Sec-WebSocket-Protocol header, its lists joined by commas. */
  readonly protocols: string | undefined;
  /** `?token=`, `?client=` and `?batch=`, the first of each. */
  readonly token: string | undefined;
  readonly client: string | undefined;
  readonly batch: string | undefined;
}

export interface Greeting {
  /** The first place that holds a token decides. */
  readonly token: string | undefined;
  readonly client: string | undefined;
  /** Whether the client reads frames that hold several messages. */
  readonly takesBatches: boolean;
  /** The subprotocol to select; undefined: none. */
  readonly selected: typeof SUBPROTOCOL | undefined;
}

/** The token of an Authorization header of the scheme Bearer (RFC 6750). */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];

const wrong = (message: string): WireError => WireError.field('Sec-WebSocket-Protocol', message);

const readProtocols = (header: string | undefined): Pick<Greeting, 'selected' | 'token'> => {
  if (header === undefined) return { selected: undefined, token: undefined };
  const names = header.split(',').map((name) => name.trim());
  if (names.some((name) => !NAME.test(name))) throw wrong('must be a list of names, separated by commas');
  if (new Set(names).size < names.length) throw wrong('must not name a protocol twice');
  const tokens = names.filter((name) => name.startsWith(TOKEN_PREFIX));
  if (tokens.length > 1) throw wrong(`must hold at most one ${TOKEN_PREFIX}<jwt>`);
  const selected = names.includes(SUBPROTOCOL) ? SUBPROTOCOL : undefined;
  const [token] = tokens;
  if (token !== undefined && selected === undefined)
    throw wrong(`must offer ${SUBPROTOCOL} beside ${TOKEN_PREFIX}<jwt>`);
  return { selected, token: token?.slice(TOKEN_PREFIX.length) };
};

/** Reads who a client says it is; throws a WireError where that is malformed. Subprotocols that are not ours are ignored. */
export const readGreeting = (presented: Presented): Greeting => {
  const { selected, token } = readProtocols(presented.protocols);
  const { client, batch } = presented;
  if (client !== undefined && !CLIENT.test(client)) {
    throw WireError.field('query.client', 'must be 1 to 64 letters, digits, - and _');
  }
  if (batch !== undefined && batch !== '1') throw WireError.field('query.batch', 'must be 1, or left out');
  return {
    token: bearerOf(presented.authorization) ?? token ?? presented.token,
    client,
    takesBatches: batch === '1',
    selected,
  };
};
