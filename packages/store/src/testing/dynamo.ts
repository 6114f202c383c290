import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { type ClientOptions, DynamoClient } from '../dynamodb/client.js';
import { createTables } from '../dynamodb/create-tables.js';
import type { TableNames } from '../dynamodb/settings.js';
import { TABLE_ROLES } from '../dynamodb/tables.js';

export interface LocalDynamo {
  readonly endpoint: string;
  /** A client whose three tables are there, empty, under names of their own. */
  client(options?: Partial<ClientOptions>): Promise<DynamoClient>;
  /** A client of tables that hold the same, as a restored backup does. */
  restored(client: DynamoClient): Promise<DynamoClient>;
  /** Ends the clients and the server. */
  stop(): Promise<void>;
}

let sets = 0;

const freshNames = (): TableNames => {
  sets += 1;
  return { connections: `connections-${sets}`, subscriptions: `subscriptions-${sets}`, aideals: `aideals-${sets}` };
};

/** Starts a DynamoDB in this process, on a free port of the loopback. */
export const startDynamo = async (): Promise<LocalDynamo> => {
  const server: Server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients: DynamoClient[] = [];
  const local: LocalDynamo = {
    endpoint,
    async client(options = {}) {
      const client = new DynamoClient({
        region: 'us-east-1',
        endpoint,
        environment: {},
        tables: freshNames(),
        ...options,
      });
      clients.push(client);
      await createTables(client);
      return client;
    },
    async restored(client) {
      const copy = await local.client();
      for (const role of TABLE_ROLES) {
        const { Items = [] } = await client.documents.send(new ScanCommand({ TableName: client.tables[role] }));
        await copy.batchWrite(
          copy.tables[role],
          Items.map((put) => ({ put })),
        );
      }
      return copy;
    },
    stop: () => {
      for (const client of clients) client.close();
      return new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
      });
    },
  };
  return local;
};
