/** `npm run capacity:measure`: the coefficients of the capacity model, as this machine has them, as JSON for measured.json. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LocalCluster, type LocalNode, startServices } from '@aideals/local-cluster';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { counting, type Units } from './counter.ts';

const NODES = 2;
const CONNECTIONS = 300;
const EACH = 150;
const EVENTS = 300;
const MICROS_PER_TICK = 10_000;
const secret = 'a secret of at least thirty-two bytes';

const tokenOf = (sub: string): Promise<string> =>
  new SignJWT({ sub, scope: 'publish' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));

/** CPU of a process so far, in microseconds. */
const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
};

const kibOf = (pid: number): number =>
  Number(/RssAnon:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** A connection that asks one thing at a time. */
class Caller {
  readonly events: string[] = [];
  readonly #socket: WebSocket;
  #answer: ((frame: { type: string; data: Record<string, unknown> }) => void) | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data));
      if (frame.requestId !== undefined) this.#answer?.(frame);
      else if (frame.id !== undefined) this.events.push(frame.id);
      else if (frame.type === 'messageReceived') this.messages.push(frame.data.messageId);
    });
  }

  readonly messages: string[] = [];

  static async open(url: string, user: string): Promise<Caller> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, {
      headers: { authorization: `Bearer ${await tokenOf(user)}` },
      perMessageDeflate: false,
    });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new Caller(socket);
  }

  ask(action: string, data: object): Promise<{ type: string; data: Record<string, unknown> }> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#socket.send(JSON.stringify({ action, data, requestId: 'r' }));
    });
  }

  close(): void {
    this.#socket.close();
  }
}

interface Cost extends Units {
  readonly nodeMicros: number;
  readonly redisMicros: number;
}

const folder = mkdtempSync(join(tmpdir(), 'aideals-measure-'));
const services = await startServices(folder);
const counter = await counting(services.dynamo.port);
const { redis } = services;
const dynamo = {
  ...services.dynamo,
  host: '127.0.0.1',
  port: counter.port,
  endpoint: `http://127.0.0.1:${counter.port}`,
};
const cluster = await LocalCluster.start({
  nodes: NODES,
  folder,
  // What the nodes are given of it is its address.
  services: { redis, dynamo: dynamo as typeof services.dynamo, stop: async () => undefined },
  env: { JWT_SECRET: secret, AIDEALS_RATE_LIMIT: 'off', AIDEALS_LOG_LEVEL: 'warn' },
});
const { nodes, url } = cluster;
const all = (of: (node: LocalNode) => number): number => nodes.reduce((sum, node) => sum + of(node), 0);
const token = await tokenOf('backend');

/** What is spent while something is done so many times, for each time, without what is spent anyway. */
const idle = { nodeMicros: 0, redisMicros: 0, writes: 0, reads: 0 };
const spend = async (times: number, work: () => Promise<void>, afterMs = 1_000): Promise<Cost> => {
  const at = () => ({ nodeMicros: all(({ pid }) => cpuOf(pid)), redisMicros: cpuOf(redis.pid), ...counter.total });
  const [began, before] = [performance.now(), at()];
  await work();
  await pause(afterMs);
  const [seconds, after] = [(performance.now() - began) / 1000, at()];
  const of = (name: keyof Cost): number => Math.max(0, after[name] - before[name] - idle[name] * seconds) / times;
  return { nodeMicros: of('nodeMicros'), redisMicros: of('redisMicros'), writes: of('writes'), reads: of('reads') };
};

const publish = async (events: readonly object[]): Promise<void> => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/broadcast`, { method: 'POST', headers, body: JSON.stringify(events) });
  if (!answer.ok) throw new Error(await answer.text());
  await answer.text();
};
const notify = async (userId: string): Promise<void> => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ userId, title: 'A price fell', message: 'The headphones are 30 % off.' });
  await (await fetch(`${url}/v1/notifications`, { method: 'POST', headers, body })).text();
};
const deal = (n: number) => ({
  topic: 'deals',
  data: { dealId: `d${n}`, title: 'A deal of the day', price: 12.5, category: 'tv' },
});
const sent = async (callers: readonly Caller[], to: (n: number) => string): Promise<void> => {
  for (let n = 0; n < EACH; n += 1) {
    const data = { recipientId: to(n), content: 'x'.repeat(200), clientMessageId: `${to(n)}-${n}` };
    await callers[n]?.ask('sendMessage', data);
  }
};

await pause(2_000);
Object.assign(idle, await spend(10, async () => void (await pause(9_000))));
const memory = all(({ pid }) => kibOf(pid));
const callers: Caller[] = [];
const connect = await spend(CONNECTIONS, async () => {
  for (let n = 0; n < CONNECTIONS; n += 1) callers.push(await Caller.open(url, `user-${n}`));
});
const kibPerConnection = (all(({ pid }) => kibOf(pid)) - memory) / CONNECTIONS;
const online = await spend(EACH, () => sent(callers, (n) => `user-${n + EACH}`));
const away = await spend(EACH, () => sent(callers, (n) => `away-${n}`));
const notification = await spend(EACH, async () => {
  for (let n = 0; n < EACH; n += 1) await notify(`away-${n}`);
});
const acknowledgement = await spend(EACH, async () => {
  for (const caller of callers) {
    for (const messageId of caller.messages) await caller.ask('notificationAck', { messageId, type: 'received' });
  }
});
const unheard = await spend(EVENTS, async () => {
  for (let n = 0; n < EVENTS; n += 1) await publish([deal(n)]);
});
const listed = await spend(EVENTS * 10, async () => {
  for (let n = 0; n < EVENTS; n += 1) await publish(Array.from({ length: 10 }, (_, i) => deal(n * 10 + i)));
});
await Promise.all(
  nodes.map(async (node) => (await Caller.open(node.url, 'one')).ask('subscribeToDeals', { topic: 'deals' })),
);
const heard = await spend(EVENTS, async () => {
  for (let n = 0; n < EVENTS; n += 1) await publish([deal(n)]);
});
for (const caller of callers) await caller.ask('subscribeToDeals', { topic: 'deals' });
const delivered = await spend(EVENTS, async () => {
  for (let n = 0; n < EVENTS; n += 1) await publish([deal(n)]);
  while (callers.some(({ events }) => events.length < EVENTS)) await pause(20);
});
const closed = await spend(CONNECTIONS, async () => {
  for (const caller of callers) caller.close();
});

const tenth = (n: number): number => Math.round(n * 10) / 10;
const units = (...costs: readonly Cost[]): Units => ({
  writes: tenth(costs.reduce((sum, { writes }) => sum + writes, 0)),
  reads: tenth(costs.reduce((sum, { reads }) => sum + reads, 0)),
});
const cost = {
  nodeKibPerConnection: Math.round(kibPerConnection),
  nodeMicrosPerDelivery: tenth(Math.max(0, delivered.nodeMicros - heard.nodeMicros) / CONNECTIONS),
  nodeMicrosPerEventHeard: Math.round(Math.max(0, heard.nodeMicros - unheard.nodeMicros) / NODES),
  nodeMicrosPerPublish: Math.round(unheard.nodeMicros),
  nodeMicrosPerConnect: Math.round(connect.nodeMicros + closed.nodeMicros),
  nodeMicrosPerMessage: Math.round(online.nodeMicros),
  nodeMicrosPerNotification: Math.round(notification.nodeMicros),
  redisMicrosPerAppend: Math.round(Math.max(0, unheard.redisMicros - listed.redisMicros)),
  redisMicrosPerEvent: Math.round(listed.redisMicros),
  redisMicrosPerEventAndNode: Math.round(Math.max(0, heard.redisMicros - unheard.redisMicros) / NODES),
  redisMicrosPerMessage: Math.round(online.redisMicros),
  dynamo: {
    connection: units(connect, closed),
    messageOnline: units(online),
    messageAway: units(away),
    notification: units(notification),
    acknowledgement: units(acknowledgement),
    nodeSecond: { writes: tenth(idle.writes / NODES), reads: tenth(idle.reads / NODES) },
  },
};
process.stdout.write(`${JSON.stringify(cost, undefined, 2)}\n`);
await cluster.stop();
counter.close();
await services.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
