import type { IncomingMessage } from 'node:http';
import { readGreeting } from '@aideals/core';
import { WireError } from '@aideals/protocol';
import { errorBody, type Refusal, refusalOf, refuse } from '../refusal.js';
import { clientAddress, contains, isTrusted, type Networks, networkList } from './networks.js';
import { isOriginAllowed, type OriginRules } from './origins.js';

export interface GatekeeperOptions {
  readonly stage: string;
  readonly ipAllow: readonly string[] | undefined;
  readonly ipDeny: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly origins: OriginRules;
}

/** What a client says of itself when it connects. */
export interface Introduction {
  readonly token: string | undefined;
  readonly client: string | undefined;
  readonly ip: string;
}

export type Introduced =
  | {
      readonly ok: true;
      readonly introduction: Introduction;
      /** Whether the client reads frames that hold several messages. */
      readonly takesBatches: boolean;
    }
  | { readonly ok: false; readonly refusal: Refusal };

const refused = (refusal: Refusal): Introduced => ({ ok: false, refusal });

const split = (url: string): { path: string; query: URLSearchParams } => {
  const at = url.indexOf('?');
  return at < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
};

/** Decides by what a request shows, before any token is looked at. The same for upgrades and plain requests. */
export class Gatekeeper {
  readonly #paths: ReadonlySet<string>;
  /** Undefined where all may come in. */
  readonly #allow: { readonly networks: Networks } | undefined;
  readonly #deny: Networks;
  readonly #proxies: Networks;
  readonly #origins: OriginRules;

  constructor(options: GatekeeperOptions) {
    this.#paths = new Set(['/', '/ws', `/${options.stage}`]);
    this.#allow = options.ipAllow === undefined ? undefined : { networks: networkList(options.ipAllow) };
    this.#deny = networkList(options.ipDeny);
    this.#proxies = networkList(options.trustedProxies);
    this.#origins = options.origins;
  }

  /** The paths on which sockets are taken. */
  get socketPaths(): readonly string[] {
    return [...this.#paths];
  }

  addressOf(request: IncomingMessage): string {
    return clientAddress(request, this.#proxies);
  }

  /** Undefined where the address may come in. */
  refuseAddress(request: IncomingMessage): Refusal | undefined {
    const address = this.addressOf(request);
    const isDenied =
      contains(this.#deny, address) || (this.#allow !== undefined && !contains(this.#allow.networks, address));
    return isDenied ? refuse(403, 'AUTHORIZATION_ERROR', 'this address may not connect') : undefined;
  }

  isOriginAllowed(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    const forwarded = isTrusted(request, this.#proxies) ? request.headers['x-forwarded-host'] : undefined;
    const told = Array.isArray(forwarded) ? forwarded[0] : forwarded?.split(',')[0]?.trim();
    return isOriginAllowed(origin, told ?? host, this.#origins);
  }

  /** Reads who wants to connect from the request of an upgrade, or from a plain one that asks how that would end. */
  introduce(request: IncomingMessage): Introduced {
    const { path, query } = split(request.url ?? '');
    const address = this.refuseAddress(request);
    if (address !== undefined) return refused(address);
    if (!this.#paths.has(path)) {
      const paths = this.socketPaths.join(', ');
      return refused(refuse(404, 'VALIDATION_ERROR', `no socket is served here; connect to one of ${paths}`));
    }
    if (!this.isOriginAllowed(request)) {
      return refused(refuse(403, 'AUTHORIZATION_ERROR', 'pages of this origin may not connect'));
    }
    const { authorization, 'sec-websocket-protocol': protocols } = request.headers;
    const presented = {
      authorization,
      protocols,
      token: query.get('token') ?? undefined,
      client: query.get('client') ?? undefined,
      batch: query.get('batch') ?? undefined,
    };
    try {
      const { token, client, takesBatches } = readGreeting(presented);
      return { ok: true, introduction: { token, client, ip: this.addressOf(request) }, takesBatches };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return refused(refusalOf(error.status, errorBody(error, Date.now())));
    }
  }
}
