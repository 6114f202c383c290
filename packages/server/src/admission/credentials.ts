import type { IncomingHttpHeaders } from 'node:http';

/** The subprotocol that the server speaks, and the one that carries a token where a browser can set no header. */
export const PROTOCOL = 'aideals.v1';
const TOKEN_PREFIX = 'aideals.token.';

const BEARER = /^Bearer +(\S+) *$/iu;

export const bearerOf = (authorization: string | undefined): string | undefined =>
  authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];

const PROTOCOL_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;

export type Offered =
  | { readonly ok: true; readonly token: string | undefined }
  /** One phrase that says what is wrong with the list. */
  | { readonly ok: false; readonly problem: string };

/** The token among the subprotocols that a client offers. */
export const offeredToken = (headers: IncomingHttpHeaders): Offered => {
  const header = headers['sec-websocket-protocol'];
  if (header === undefined) return { ok: true, token: undefined };
  const names = header.split(',').map((name) => name.trim());
  if (names.some((name) => !PROTOCOL_NAME.test(name))) {
    return { ok: false, problem: 'must be a list of names, separated by commas' };
  }
  if (new Set(names).size < names.length) return { ok: false, problem: 'must not name a protocol twice' };
  const tokens = names.filter((name) => name.startsWith(TOKEN_PREFIX));
  if (tokens.length > 1) return { ok: false, problem: `must hold at most one ${TOKEN_PREFIX}<jwt>` };
  if (tokens.length === 1 && !names.includes(PROTOCOL)) {
    return { ok: false, problem: `must offer ${PROTOCOL} beside ${TOKEN_PREFIX}<jwt>` };
  }
  return { ok: true, token: tokens[0]?.slice(TOKEN_PREFIX.length) };
};
