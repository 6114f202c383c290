// How long a function takes from cold, and how much processor it takes for an event when it is warm.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { SECRET } from '../aideals.mjs';
import { startChild } from '../child.mjs';
import { median } from '../statistics.mjs';
import { connecting, healthCheck, leaving, message } from './events.mjs';

const INSTANCE = fileURLToPath(new URL('./instance.mjs', import.meta.url));
const BUNDLES = fileURLToPath(new URL('../../../packages/lambda/dist/bundles/', import.meta.url));

export const bundleOf = (name) => {
  const file = `${BUNDLES}${name}/index.mjs`;
  if (!existsSync(file))
    throw new Error('the functions are not bundled: run `npm run bundle -w @aideals/lambda` first');
  return file;
};

const FIRST = {
  'aideals-websocket-connect': () => connecting('c-cold', 'cold'),
  'aideals-websocket-disconnect': () => leaving('c-none'),
  'aideals-websocket-default': () => message('c-none', 'ping'),
  'aideals-websocket-message': () => message('c-none', 'ping'),
  'aideals-websocket-subscription': () => message('c-none', 'ping'),
  broadcast: () => ({ messageType: 'dealUpdate', data: { n: 1 } }),
  'aideals-http': healthCheck,
  'aideals-sweep': () => ({}),
};

/** What functions call besides DynamoDB: takes everything. */
export const anyApi = async () => {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    incoming.on('end', () => outgoing.writeHead(/invocations$/u.test(incoming.url) ? 202 : 200).end());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    env: {
      ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' },
      AWS_ENDPOINT_URL_LAMBDA: origin,
      AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: `${origin}/prod`,
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};

export const environment = (endpoint, tables) => ({
  ...{ JWT_SECRET: SECRET, AIDEALS_RATE_LIMIT: 'off', STAGE: 'prod', NODE_ENV: '' },
  ...{ AWS_ENDPOINT_URL_DYNAMODB: endpoint, ...tables },
});

/** A process of its own on core 0; `run` hands it events and gives what they took. */
const instanceOf = async (room, name, env) => {
  const child = await room.keep(
    startChild({
      script: fileURLToPath(new URL('./starting.mjs', import.meta.url)),
      args: [INSTANCE, bundleOf(name)],
      ...{ env, core: 0, measured: false, ready: (line) => line === 'ready' },
    }),
  );
  const run = (events) =>
    new Promise((resolve, reject) => {
      child.onMessage(resolve);
      child.onExit(reject);
      child.send({ events });
    });
  return { run, stop: child.stop };
};

/** Milliseconds from the import of each bundle to the answer to its first event; the middle of some rounds. */
export const coldStarts = async (room, env, rounds) => {
  const found = {};
  for (const [name, event] of Object.entries(FIRST)) {
    const times = [];
    for (let n = 0; n < rounds; n += 1) {
      const instance = await instanceOf(room, name, env);
      times.push(await instance.run([event()]));
      await instance.stop();
    }
    found[name] = { ms: median(times.map(({ ms }) => ms)), cpuMs: median(times.map(({ cpuMs }) => cpuMs)) };
  }
  return found;
};

/** Milliseconds of the function's own processor for each message of a kind, and its requests to DynamoDB, which has a process of its own. */
export const warmMessages = async (room, env, { count, rounds, requests }) => {
  const connect = await instanceOf(room, 'aideals-websocket-connect', env);
  await connect.run([connecting('c-ann', 'ann'), connecting('c-bob', 'bob')]);
  const kinds = {
    ping: ['aideals-websocket-default', () => message('c-ann', 'ping')],
    getStatus: ['aideals-websocket-default', () => message('c-ann', 'getStatus')],
    sendMessage: [
      'aideals-websocket-message',
      () => message('c-ann', 'sendMessage', { recipientId: 'bob', content: 'Hello' }),
    ],
    subscribeToDeals: [
      'aideals-websocket-subscription',
      () => message('c-ann', 'subscribeToDeals', { topic: 'tv', filters: { category: 'tv', maxPrice: 500 } }),
    ],
    'POST /v1/broadcast to nobody': ['broadcast', () => ({ data: { title: 'A deal', category: 'tv' }, topic: 'rare' })],
  };
  const found = {};
  for (const [kind, [name, make]] of Object.entries(kinds)) {
    const instance = await instanceOf(room, name, env);
    const batch = () => Array.from({ length: count }, make);
    // The first ones compile what they run.
    const { last } = await instance.run(batch());
    if (last?.body?.includes('"type":"error"')) throw new Error(`${kind} was answered ${last.body}`);
    const costs = [];
    const before = requests();
    for (let n = 0; n < rounds; n += 1) costs.push((await instance.run(batch())).cpuMs / count);
    await instance.stop();
    found[kind] = { cpuMs: median(costs), requests: (requests() - before) / (rounds * count) };
  }
  await connect.stop();
  return found;
};
