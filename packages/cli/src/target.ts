import { wrongUse } from './user-error.js';

const SOCKET_OF: Readonly<Record<string, string>> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' };
const HTTP_OF: Readonly<Record<string, string>> = {
  'ws:': 'http:',
  'wss:': 'https:',
  'http:': 'http:',
  'https:': 'https:',
};

/** Where a server is: the base of its HTTP calls, without a slash at its end, and the URL of its sockets. */
export interface Target {
  readonly http: string;
  readonly socket: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const localAddress = (env: Environment): string => {
  // What a server listens on everywhere is reached here on loopback.
  const given = env['HOST'];
  const host = !given || given === '0.0.0.0' || given === '::' ? '127.0.0.1' : given;
  return `http://${host.includes(':') ? `[${host}]` : host}:${env['PORT'] || '3001'}`;
};

const targetOf = (name: string, text: string, stage: string): Target => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const socketProtocol = url && SOCKET_OF[url.protocol];
  const httpProtocol = url && HTTP_OF[url.protocol];
  if (!url || !socketProtocol || !httpProtocol) {
    throw wrongUse(`${name} ${text}: give an address that begins with http://, https://, ws:// or wss://`);
  }
  const path = url.pathname.replace(/\/+$/u, '');
  const base = ['/ws', `/${stage}`].find((end) => path.endsWith(end));
  const httpPath = base === undefined ? path : path.slice(0, -base.length);
  return {
    http: `${httpProtocol}//${url.host}${httpPath}`,
    // `/ws` where nothing else is said: there a plain request tells why an upgrade was refused.
    socket: `${socketProtocol}//${url.host}${path || '/ws'}${url.search}`,
  };
};

/**
 * `given` is the `--url` of the user; without it `WEBSOCKET_API_GATEWAY_URL`, else this machine at `PORT`. It may be the
 * http(s) or the ws(s) address: the path of the sockets (`/ws`, or the stage) is no part of the base of the HTTP calls.
 * On AWS the two are different hosts: without a `given` the HTTP calls go to `AIDEALS_HTTP_URL`, where it is set.
 */
export const resolveTarget = (given: string | undefined, env: Environment): Target => {
  const stage = env['STAGE'] || 'prod';
  if (given !== undefined) return targetOf('--url', given, stage);
  const http = env['AIDEALS_HTTP_URL'] || undefined;
  const socket = env['WEBSOCKET_API_GATEWAY_URL'] || http || localAddress(env);
  const target = targetOf(socket === http ? 'AIDEALS_HTTP_URL' : 'WEBSOCKET_API_GATEWAY_URL', socket, stage);
  return http === undefined ? target : { ...target, http: targetOf('AIDEALS_HTTP_URL', http, stage).http };
};
