import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTables, DynamoClient } from '@aideals/store/dynamodb';
import dynalite from 'dynalite';

/** What a connection has been sent, and whether it can be reached. */
interface FarEnd {
  readonly inbox: string[];
  state: 'opening' | 'open' | 'closed';
}

export interface LocalAws {
  /** The environment of a function. */
  readonly env: Readonly<Record<string, string>>;
  readonly client: DynamoClient;
  /** What was invoked as an `Event`, to be run by the test. */
  readonly invoked: { readonly functionName: string; readonly event: object }[];
  /** Statuses to answer the next posts with, in place of what they would be. */
  readonly refusals: number[];
  readonly posts: () => number;
  end(connectionId: string): FarEnd;
  stop(): Promise<void>;
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

let sets = 0;

/** A DynamoDB with empty tables, and the calls of API Gateway and Lambda, on free ports of the loopback. */
export const startLocalAws = async (): Promise<LocalAws> => {
  const dynamo: Server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const endpoint = `http://127.0.0.1:${await listen(dynamo)}`;
  sets += 1;
  const tables = { connections: `connections-${sets}`, subscriptions: `subscriptions-${sets}`, aideals: `all-${sets}` };
  const client = new DynamoClient({ region: 'us-east-1', endpoint, environment: {}, tables });
  await createTables(client);

  const ends = new Map<string, FarEnd>();
  const invoked: LocalAws['invoked'] = [];
  const refusals: number[] = [];
  let posts = 0;

  const end = (connectionId: string): FarEnd => {
    const known = ends.get(connectionId) ?? { inbox: [], state: 'opening' };
    ends.set(connectionId, known);
    return known;
  };

  const onConnection = (method: string, connectionId: string, body: string): number => {
    const known = ends.get(connectionId);
    if (method === 'POST') posts += 1;
    const refusal = method === 'POST' ? refusals.shift() : undefined;
    if (refusal !== undefined) return refusal;
    if (known?.state !== 'open') return 410;
    if (method === 'POST') known.inbox.push(body);
    if (method === 'DELETE') known.state = 'closed';
    return method === 'DELETE' ? 204 : 200;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = decodeURIComponent(request.url ?? '');
    const body = await bodyOf(request);
    const functionName = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/u.exec(url)?.[1];
    if (functionName !== undefined) {
      invoked.push({ functionName, event: JSON.parse(body) as object });
      response.writeHead(202).end();
      return;
    }
    const connectionId = /\/prod\/@connections\/(.+)$/u.exec(url)?.[1] ?? '';
    const status = onConnection(request.method ?? '', connectionId, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(status < 300 ? '{}' : '{"message":"no"}');
  };

  const api = createServer((request, response) => void answer(request, response));
  const origin = `http://127.0.0.1:${await listen(api)}`;
  return {
    env: {
      JWT_SECRET: 'a-secret-of-thirty-two-bytes-or-more',
      CONNECTIONS_TABLE: tables.connections,
      SUBSCRIPTIONS_TABLE: tables.subscriptions,
      AIDEALS_TABLE: tables.aideals,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_ENDPOINT_URL_LAMBDA: origin,
      AWS_REGION: 'us-east-1',
      STAGE: 'prod',
      WEBSOCKET_API_GATEWAY_URL: `${origin.replace('http', 'ws')}/prod`,
    },
    client,
    invoked,
    refusals,
    posts: () => posts,
    end,
    async stop() {
      client.close();
      for (const server of [api, dynamo]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
};
