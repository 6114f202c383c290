import { type Answer, createSigner, keptRequests, sha256 } from '@aideals/store/dynamodb';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { localCredentials } from './local-credentials.js';

/** `busy`: the account's quota is used up for now, or the connection takes no more: to be tried again. */
export type Posted = 'sent' | 'gone' | 'busy';

/** The management API of API Gateway. Rejects where it cannot be told what became of a call. */
export interface ManagementApi {
  post(connectionId: string, data: Uint8Array): Promise<Posted>;
  /** False where the connection is not open. */
  delete(connectionId: string): Promise<boolean>;
  isOpen(connectionId: string): Promise<boolean>;
}

export interface ManagementOptions {
  /** The URL of the API's stage. */
  readonly endpoint: string;
  readonly region: string;
  /** Unix milliseconds: requests are signed by it. */
  readonly now: () => number;
}

const ATTEMPT_MS = 5_000;

const GONE = 410;
/** What asks for patience: the quota, and a fault of the service that passes. */
const BUSY: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

const EMPTY = sha256('');

/**
 * The management API, over connections that are kept. It makes its requests itself: one for each connection that a frame goes
 * to, they are most of what a fan-out costs, and the SDK's cost several times as much. Retries are the caller's, but for
 * connections that ended unnoticed.
 */
export const managementApi = ({ endpoint, region, now }: ManagementOptions): ManagementApi => {
  const { host, pathname } = new URL(endpoint);
  const base = pathname.replace(/\/$/u, '');
  const { send } = keptRequests(endpoint, { timeoutMs: ATTEMPT_MS, mayRepeat: true });
  const sign = createSigner(region, 'execute-api');
  const { credentials: local } = localCredentials(endpoint);
  const credentials = local === undefined ? defaultProvider() : async () => local;
  /** One frame goes to many. */
  const hashes = new WeakMap<Uint8Array, string>();

  const hashOf = (data: Uint8Array): string => {
    const hash = hashes.get(data) ?? sha256(data);
    hashes.set(data, hash);
    return hash;
  };

  const call = async (method: string, connectionId: string, body?: Uint8Array): Promise<Answer> => {
    const path = `${base}/@connections/${encodeURIComponent(connectionId)}`;
    const bodyHash = body === undefined ? EMPTY : hashOf(body);
    const headers = sign({ method, host, path, bodyHash, now: now() }, await credentials());
    return send({ method, path, headers, ...(body === undefined ? {} : { body }) });
  };

  const failed = ({ status, text }: Answer): Error =>
    new Error(`the management API answered ${status}${text === '' ? '' : `: ${text}`}`);

  /** By status, not by the name of an error: that differs between versions. */
  const isThere = (answer: Answer): boolean => {
    if (answer.status === GONE) return false;
    if (answer.status >= 200 && answer.status < 300) return true;
    throw failed(answer);
  };

  return {
    async post(connectionId, data) {
      const answer = await call('POST', connectionId, data);
      if (BUSY.has(answer.status)) return 'busy';
      return isThere(answer) ? 'sent' : 'gone';
    },
    delete: async (connectionId) => isThere(await call('DELETE', connectionId)),
    isOpen: async (connectionId) => isThere(await call('GET', connectionId)),
  };
};
