import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
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
}

const SOCKETS = 256;
const ATTEMPT_MS = 5_000;

const GONE = 410;
/** What asks for patience: the quota, and a fault of the service that passes. */
const BUSY: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

const statusOf = (error: unknown): number =>
  (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode ?? 0;

/** By status, not by the name of an error: that differs between versions of the SDK. */
const asked = async <T>(
  call: () => Promise<unknown>,
  answers: { readonly yes: T; readonly gone: T; readonly busy?: T },
) => {
  try {
    await call();
    return answers.yes;
  } catch (error) {
    const status = statusOf(error);
    if (status === GONE) return answers.gone;
    if (answers.busy !== undefined && BUSY.has(status)) return answers.busy;
    // The whole answer, with its socket: nothing for a log.
    if (error instanceof Error) Reflect.deleteProperty(error, '$response');
    throw error;
  }
};

/** The management API over the SDK, with connections that are kept. Retries are the caller's. */
export const managementApi = ({ endpoint, region }: ManagementOptions): ManagementApi => {
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    region,
    maxAttempts: 1,
    ...localCredentials(endpoint),
    requestHandler: {
      connectionTimeout: ATTEMPT_MS,
      requestTimeout: ATTEMPT_MS,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
    },
  });
  return {
    post: (ConnectionId, Data) =>
      asked<Posted>(() => client.send(new PostToConnectionCommand({ ConnectionId, Data })), {
        yes: 'sent',
        gone: 'gone',
        busy: 'busy',
      }),
    delete: (ConnectionId) =>
      asked(() => client.send(new DeleteConnectionCommand({ ConnectionId })), { yes: true, gone: false }),
    isOpen: (ConnectionId) =>
      asked(() => client.send(new GetConnectionCommand({ ConnectionId })), { yes: true, gone: false }),
  };
};
