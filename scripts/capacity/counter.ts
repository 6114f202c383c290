import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Units {
  writes: number;
  reads: number;
}

interface Body {
  readonly Item?: unknown;
  readonly Items?: unknown;
  readonly ConsistentRead?: boolean;
  readonly RequestItems?: Readonly<Record<string, readonly { readonly PutRequest?: { readonly Item: unknown } }[]>>;
}

const kibibytes = (thing: unknown, unit: number): number =>
  Math.max(1, Math.ceil(JSON.stringify(thing ?? {}).length / 1024 / unit));

/** What DynamoDB would bill for a call, near enough: the form of an item on the wire is a little longer than the item. */
const unitsOf = (operation: string, asked: Body, given: Body): Units => {
  if (operation === 'GetItem' || operation === 'Query') {
    const size = kibibytes(given.Item ?? given.Items, 4);
    return { writes: 0, reads: asked.ConsistentRead === true ? size : size / 2 };
  }
  if (operation === 'PutItem') return { writes: kibibytes(asked.Item, 1), reads: 0 };
  if (operation === 'UpdateItem' || operation === 'DeleteItem') return { writes: 1, reads: 0 };
  const batch = Object.values(asked.RequestItems ?? {}).flat();
  const writes = batch.reduce(
    (sum, { PutRequest }) => sum + (PutRequest === undefined ? 1 : kibibytes(PutRequest.Item, 1)),
    0,
  );
  return { writes: operation === 'BatchWriteItem' ? writes : 0, reads: 0 };
};

/** Stands before a DynamoDB and counts what it would bill. */
export const counting = async (port: number) => {
  const total: Units = { writes: 0, reads: 0 };
  const agent = new Agent({ keepAlive: true });
  const server = createServer((call, answer) => {
    const asked: Buffer[] = [];
    call.on('data', (bytes: Buffer) => asked.push(bytes));
    call.once('end', () => {
      const body = Buffer.concat(asked);
      const { method, url: path, headers } = call;
      const passed = request({ host: '127.0.0.1', port, method, path, headers, agent }, (given) => {
        const chunks: Buffer[] = [];
        given.on('data', (bytes: Buffer) => chunks.push(bytes));
        given.once('end', () => {
          const text = Buffer.concat(chunks);
          const operation = String(headers['x-amz-target']).split('.')[1] ?? '';
          const units = unitsOf(operation, JSON.parse(String(body)), JSON.parse(String(text) || '{}'));
          total.writes += units.writes;
          total.reads += units.reads;
          answer.writeHead(given.statusCode ?? 502, given.rawHeaders).end(text);
        });
      });
      passed.once('error', () => answer.destroy());
      passed.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    total,
    close: () => {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
};
