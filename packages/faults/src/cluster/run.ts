import { setTimeout as pause } from 'node:timers/promises';
import { isReady } from '@aideals/local-cluster';
import { Chance } from '../chance.js';
import { Crowd } from '../crowd/crowd.js';
import type { Guest } from '../crowd/guest.js';
import { crowdNumbers } from '../crowd/numbers.js';
import { Findings } from '../findings.js';
import { checkHistory } from '../history/check.js';
import { keepLogs } from '../kept-logs.js';
import { count, type RunOptions, type RunResult, seconds } from '../run.js';
import { dataFolder } from '../served/data-folder.js';
import { poll, SETTLE_MS } from '../waiting.js';
import { isNewer } from '../wire/event-id.js';
import { Deployment } from './deployment.js';
import { Mischief } from './mischief.js';
import { Stranger } from './stranger.js';

export interface ClusterRunOptions extends RunOptions {
  readonly nodes: number;
  readonly clients: number;
  /** How long things are broken. */
  readonly ms: number;
  /** Milliseconds of peace between two faults, at most, and of a fault. */
  readonly peaceMs: number;
  readonly faultMs: number;
  /** Events a second of all backends together, and messages a second of all who chat. */
  readonly eventsPerSecond: number;
  readonly messagesPerSecond: number;
}

const CROWD = { backends: 6, chattingShare: 0.1, pingEveryMs: 4_000, isOrdered: true };
const TELL_EVERY_MS = 30_000;
const FIRST_PEACE_MS = 2_000;

/** All nodes are there, and say so. */
const healed = async ({ cluster }: Deployment): Promise<void> => {
  for (const { host, port } of cluster.nodes.map((node) => ({ host: '127.0.0.1', port: node.port }))) {
    await poll('a node to be ready', async () => ((await isReady({ host, port })) ? true : undefined), SETTLE_MS);
  }
  await cluster.balancer.look();
};

/** What is open is confirmed, and all come to the end of the log. Gives the id of the last event; undefined where that takes too long. */
const settle = async (crowd: Crowd, findings: Findings): Promise<string | undefined> => {
  const { guests } = crowd;
  try {
    await crowd.untilConfirmed();
    const end = await crowd.backends[0]?.publish(true);
    if (end === undefined) throw new Error('the last event was not taken');
    const isThere = ({ cursor }: Guest): boolean => cursor !== undefined && !isNewer(end, cursor);
    await poll(
      'all clients to come to the end',
      async () => {
        for (const guest of guests) if (!isThere(guest)) guest.ping();
        if (guests.every(isThere)) return true;
        await pause(200);
        return undefined;
      },
      SETTLE_MS,
    );
    const { messages, sittings } = crowd.recorder;
    const missing = (): boolean => {
      const came = new Set(sittings.flatMap(({ user, received }) => received.map((one) => `${user} ${one.messageId}`)));
      return messages.some(({ to, messageId, outcome }) => outcome === 'confirmed' && !came.has(`${to} ${messageId}`));
    };
    // What does not come is for the checker to tell.
    await poll('all messages to come', () => (missing() ? undefined : true), 20_000).catch(() => undefined);
    return end;
  } catch (error) {
    const behind = guests.length - crowd.live;
    findings.broken('in the end all is well', `${(error as Error).message}; ${behind} clients are not live`);
    return undefined;
  }
};

const tell = (crowd: Crowd, began: number, say: (line: string) => void): void => {
  const { recorder, guests, backends, live } = crowd;
  const confirmed = backends.reduce((sum, { counts }) => sum + counts.confirmed, 0);
  say(
    `${seconds(performance.now() - began)}: ${count(confirmed)} events and ${count(recorder.messages.length)} messages, ` +
      `${count(recorder.received)} deliveries, ${live} of ${guests.length} clients live`,
  );
};

/** Breaks a cluster in every way, while clients publish, subscribe, chat and come back, and judges what they were told and got. */
export const cluster = async (options: ClusterRunOptions): Promise<RunResult> => {
  const { seed, say, ms, nodes } = options;
  const findings = new Findings();
  const chance = new Chance(seed);
  const folder = dataFolder();
  const began = performance.now();
  let host: Deployment | undefined;
  let crowd: Crowd | undefined;
  try {
    host = await Deployment.start(nodes, folder.path, findings);
    const { clients, eventsPerSecond } = options;
    crowd = new Crowd({ ...CROWD, host, findings, chance, clients, eventsPerSecond });
    const publisher = crowd.publisher('stranger');
    const { redis } = host.cluster.services;
    const stranger = new Stranger({ ...publisher, everyMs: publisher.everyMs / 2 }, redis);
    await crowd.enter();
    say(`${clients} clients are connected to ${nodes} nodes after ${seconds(performance.now() - began)}`);
    const { peaceMs, faultMs: mostMs } = options;
    const mischief = new Mischief({ cluster: host.cluster, chance, say, peaceMs, mostMs });
    const work = [...crowd.backends, stranger].map((one) => one.run());
    const endChat = crowd.chat(options.messagesPerSecond);
    const present = crowd;
    const telling = setInterval(() => tell(present, began, say), TELL_EVERY_MS);
    const worked = performance.now();
    // At first nothing is broken: what others publish on Redis then is due to all.
    await pause(FIRST_PEACE_MS);
    await mischief.run(ms);
    clearInterval(telling);
    await healed(host);
    // A while of work in peace, so that what was broken last shows as well.
    await pause(peaceMs);
    endChat();
    for (const one of [...crowd.backends, stranger]) one.end();
    await Promise.all(work);
    const lasted = performance.now() - worked;
    const strange = stranger.settle((at) => mischief.wasWell(at));
    const end = await settle(crowd, findings);
    await crowd.leave();
    checkHistory(crowd.recorder.history(end), findings);
    const numbers = crowdNumbers(crowd, { faults: mischief.done, lasted });
    numbers.push(`from Redis: ${count(stranger.told.length)} published, ${count(strange)} of them while all was well`);
    if (findings.list.length > 0) {
      const logs = new Map(host.nodes.map(({ name, log }) => [name, log]));
      numbers.push(`the logs of the nodes are in ${keepLogs('cluster', seed, logs)}`);
    }
    return { numbers, findings };
  } finally {
    await crowd?.leave();
    await host?.cluster.stop();
    folder.remove();
  }
};
