import { WireError } from '@aideals/protocol';

/** The subprotocol that is selected, wherever it stands in the client’s list. */
export const SUBPROTOCOL = 'aideals.v1';
const TOKEN_PREFIX = 'aideals.token.';
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export interface Offered {
  readonly selected: typeof SUBPROTOCOL | undefined;
  readonly token: string | undefined;
}

const wrong = (message: string): WireError => WireError.field('Sec-WebSocket-Protocol', message);

/** Reads the client’s list of subprotocols; throws a WireError where it is malformed. Names that are not ours are ignored. */
export const readSubprotocols = (header: string | undefined): Offered => {
  if (header === undefined) return { selected: undefined, token: undefined };
  const names = header.split(',').map((name) => name.trim());
  if (names.some((name) => !NAME.test(name))) throw wrong('must be a list of names, separated by commas');
  if (new Set(names).size < names.length) throw wrong('must not name a protocol twice');
  const tokens = names.filter((name) => name.startsWith(TOKEN_PREFIX));
  if (tokens.length > 1) throw wrong(`must hold at most one ${TOKEN_PREFIX}<jwt>`);
  const selected = names.includes(SUBPROTOCOL) ? SUBPROTOCOL : undefined;
  const [token] = tokens;
  if (token !== undefined && selected === undefined) {
    throw wrong(`must offer ${SUBPROTOCOL} beside ${TOKEN_PREFIX}<jwt>`);
  }
  return { selected, token: token?.slice(TOKEN_PREFIX.length) };
};
