// One broadcast through the local gateway to many connections: how many calls, how many rows read, how much memory.
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { startChild } from '../child.mjs';
import { dynamo } from './dynamo.mjs';
import { bundleOf } from './functions.mjs';

const GATEWAY = fileURLToPath(new URL('./gateway.mjs', import.meta.url));
const AT_ONCE = 6;
const DIALS = 32;
const TOPIC = 'bench';

const opened = (url) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.once('error', reject);
    socket.once('open', () => socket.send('?'));
    socket.once('message', (data) => resolve({ socket, connectionId: String(data) }));
  });

const openMany = async (url, count) => {
  const clients = [];
  let left = count;
  const dial = async () => {
    while (left > 0) {
      left -= 1;
      clients.push(await opened(url));
    }
  };
  await Promise.all(Array.from({ length: DIALS }, dial));
  return clients;
};

const category = (n) => `category-${n}`;

/** Rows for all of them, made of those that the directory itself writes for one connection of each filter. */
const subscribe = async ({ endpoint, tables, clients, filters }) => {
  const { dynamoDirectory, DynamoClient } = await import('../../../packages/store/dist/dynamodb/index.js');
  const client = new DynamoClient({
    ...{ region: 'us-east-1', endpoint, environment: {} },
    tables: {
      connections: tables.CONNECTIONS_TABLE,
      subscriptions: tables.SUBSCRIPTIONS_TABLE,
      aideals: tables.AIDEALS_TABLE,
    },
  });
  const directory = dynamoDirectory(client, { now: () => Date.now() });
  const now = Date.now();
  const models = clients.slice(0, filters);
  for (const [n, { connectionId }] of models.entries()) {
    const seconds = Math.floor(now / 1000);
    await directory.open(
      {
        ...{ connectionId, userId: `user-${connectionId}`, connectedAt: now, ip: '192.0.2.1', scopes: [] },
        ...{ tokenExp: seconds + 3_600, firstSignIn: seconds },
      },
      'mark',
    );
    await directory.unmark(connectionId, 'mark');
    await directory.subscribe(
      connectionId,
      { subscriptionId: `sub-${n}`, topic: TOPIC, filters: { category: category(n) } },
      100,
    );
  }
  client.close();
  const db = dynamo(endpoint);
  for (const table of [tables.SUBSCRIPTIONS_TABLE, tables.AIDEALS_TABLE]) {
    const rows = (await db.items(table)).map((row) => JSON.stringify(row));
    const of = models.map(({ connectionId }) => rows.filter((row) => row.includes(connectionId)));
    const copies = clients.slice(filters).flatMap(({ connectionId }, n) => {
      const model = n % filters;
      return of[model].map((row) => JSON.parse(row.replaceAll(models[model].connectionId, connectionId)));
    });
    await db.put(table, copies);
  }
};

/** Publishes once; resolves when all who are owed the event have it. */
const publish = async (gateway, reads, clients, data, owed) => {
  // Who is sent it twice has it once.
  const reached = new Set();
  let done = () => undefined;
  const all = new Promise((resolve) => {
    done = resolve;
  });
  for (const { socket } of clients) {
    socket.removeAllListeners('message');
    socket.on('message', () => {
      reached.add(socket);
      if (reached.size >= owed) done();
    });
  }
  const rowsBefore = reads.counts.rows;
  const began = performance.now();
  const [told] = await Promise.all([gateway.ask({ publish: { data, topic: TOPIC } }), all]);
  if (told.failures.length > 0) throw new Error(told.failures.join(' · '));
  const posts = Object.entries(told.calls).reduce((sum, [name, n]) => (name.startsWith('post') ? sum + n : sum), 0);
  return {
    ...{ deliveries: reached.size, posts, rows: reads.counts.rows - rowsBefore, grown: told.grown, calls: told.calls },
    seconds: (performance.now() - began) / 1000,
  };
};

export const broadcasts = async (room, { env, reads, endpoint, tables, connections, filters }) => {
  const child = await room.keep(
    startChild({
      script: GATEWAY,
      args: [
        JSON.stringify({
          ...{ folder: await room.folder(), broadcast: bundleOf('broadcast'), atOnce: AT_ONCE },
          env,
        }),
      ],
      ...{ core: 0, measured: false, ready: (line) => line.startsWith('ready at ') },
    }),
  );
  const gateway = {
    ask: (message) =>
      new Promise((resolve, reject) => {
        child.onMessage(resolve);
        child.onExit(reject);
        child.send(message);
      }),
  };
  const clients = await openMany(child.line.slice('ready at '.length), connections);
  await subscribe({ endpoint, tables, clients, filters });
  // The first one makes everything warm.
  const one = { title: 'A deal like many others', category: category(0) };
  await publish(gateway, reads, clients, one, connections / filters);
  const few = await publish(gateway, reads, clients, one, connections / filters);
  const everyone = { title: 'A deal for everyone', category: Array.from({ length: filters }, (_, n) => category(n)) };
  const all = await publish(gateway, reads, clients, everyone, connections);
  for (const { socket } of clients) socket.terminate();
  return { few, all, scans: reads.counts.scans };
};
