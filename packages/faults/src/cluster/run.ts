import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isReady } from '@aideals/local-cluster';
import { Chance } from '../chance.js';
import { Findings } from '../findings.js';
import { checkHistory } from '../history/check.js';
import type { Interest } from '../history/history.js';
import { count, type RunOptions, type RunResult, seconds } from '../run.js';
import { dataFolder } from '../served/data-folder.js';
import { poll } from '../waiting.js';
import { isNewer } from '../wire/event-id.js';
import { Deployment } from './deployment.js';
import { Guest } from './guest.js';
import { Mailer } from './mailer.js';
import { Mischief } from './mischief.js';
import { Backend, SHOPS, Stranger, TOPICS } from './publishers.js';
import { Recorder } from './recorder.js';

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

const BACKENDS = 6;
const PING_EVERY_MS = 4_000;
/** How many dial at once in the beginning. */
const DOOR = 50;
const TELL_EVERY_MS = 30_000;
const FIRST_PEACE_MS = 2_000;
const SETTLE_MS = 120_000;
/** Who chats, of all. */
const CHATTING_SHARE = 0.1;
const ALL_PERCENT = 10;

const someInterest = (chance: Chance): Interest => {
  if (chance.percent(ALL_PERCENT)) return { topic: 'all-deals', shops: undefined };
  const first = chance.below(SHOPS.length);
  const shops = Array.from({ length: 1 + chance.below(3) }, (_, i) => SHOPS[(first + i) % SHOPS.length] as string);
  return { topic: chance.pick(TOPICS), shops: chance.percent(ALL_PERCENT) ? undefined : shops };
};

/** All who take part. */
class Crowd {
  readonly guests: readonly Guest[];
  readonly mailers: readonly Mailer[];
  readonly backends: readonly Backend[];
  readonly stranger: Stranger;
  readonly recorder = new Recorder();
  readonly #chance: Chance;
  readonly #timers: NodeJS.Timeout[] = [];
  #staying: Promise<void>[] = [];

  constructor(host: Deployment, { clients, eventsPerSecond }: ClusterRunOptions, findings: Findings, chance: Chance) {
    const { recorder } = this;
    this.#chance = chance;
    const names = Array.from({ length: clients }, (_, i) => `guest-${i}`);
    const chatting = names.slice(0, Math.max(4, Math.floor(clients * CHATTING_SHARE)));
    this.mailers = chatting.map((name, i) => {
      const friends = [1, 2, 3].map((step) => chatting[(i + step) % chatting.length] as string);
      return new Mailer({ name, friends, recorder, chance });
    });
    this.guests = names.map((name, i) => {
      const mailer = this.mailers[i];
      const all: Interest = { topic: 'all-deals', shops: undefined };
      // The first sees everything, so that what is in the log is known.
      const interest = i === 0 ? all : someInterest(chance);
      const options = { name, interest, host, recorder, findings, chance };
      return new Guest(mailer === undefined ? options : { ...options, mailer });
    });
    const everyMs = (BACKENDS * 1_000) / eventsPerSecond;
    this.backends = Array.from(
      { length: BACKENDS },
      (_, i) => new Backend({ name: `backend-${i}`, everyMs, recorder, findings, chance }, host),
    );
    const { redis } = host.cluster.services;
    this.stranger = new Stranger({ name: 'stranger', everyMs: everyMs / 2, recorder, findings, chance }, redis);
  }

  /** Resolves when all have connected. */
  async enter(): Promise<void> {
    const live = (): number => this.guests.reduce((sum, { isLive }) => sum + (isLive ? 1 : 0), 0);
    for (const [i, guest] of this.guests.entries()) {
      this.#staying.push(guest.stay());
      // As fast as they are let in.
      await poll('clients to be let in', () => (live() + DOOR > i ? true : undefined), SETTLE_MS);
    }
    await poll(
      'all clients to be connected',
      () => (this.guests.every(({ isLive }) => isLive) ? true : undefined),
      SETTLE_MS,
    );
    const every = PING_EVERY_MS / this.guests.length;
    let next = 0;
    let due = performance.now();
    const ping = setInterval(() => {
      for (; due < performance.now(); due += every) {
        this.guests[next % this.guests.length]?.ping();
        next += 1;
      }
    }, 50);
    this.#timers.push(ping);
  }

  /** Begins to write messages. */
  chat(messagesPerSecond: number): NodeJS.Timeout {
    const write = setInterval(() => this.#chance.pick(this.mailers).write(), 1_000 / messagesPerSecond);
    this.#timers.push(write);
    return write;
  }

  async leave(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.guests.map((guest) => guest.leave()));
    await Promise.all(this.#staying);
    for (const backend of this.backends) backend.close();
  }
}

/** All nodes are there, and say so. */
const healed = async ({ cluster }: Deployment): Promise<void> => {
  for (const { host, port } of cluster.nodes.map((node) => ({ host: '127.0.0.1', port: node.port }))) {
    await poll('a node to be ready', async () => ((await isReady({ host, port })) ? true : undefined), SETTLE_MS);
  }
  await cluster.balancer.look();
};

/** What is open is confirmed, and all come to the end of the log. Gives the id of the last event; undefined where that takes too long. */
const settle = async (crowd: Crowd, findings: Findings): Promise<string | undefined> => {
  const { guests, mailers } = crowd;
  try {
    await poll(
      'all messages to be confirmed',
      () => {
        for (const mailer of mailers) mailer.write(false);
        return mailers.every(({ isIdle }) => isIdle) ? true : undefined;
      },
      SETTLE_MS,
    );
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
    const behind = guests.filter(({ isLive }) => !isLive).length;
    findings.broken('in the end all is well', `${(error as Error).message}; ${behind} clients are not live`);
    return undefined;
  }
};

/** For whoever looks for the cause. */
const keepLogs = ({ nodes }: Deployment, seed: number): string => {
  const folder = join(tmpdir(), `aideals-faults-cluster-${seed}`);
  mkdirSync(folder, { recursive: true });
  for (const { name, log } of nodes) writeFileSync(join(folder, `${name}.log`), `${log.join('\n')}\n`);
  return folder;
};

const tell = (crowd: Crowd, began: number, say: (line: string) => void): void => {
  const { recorder, guests, backends } = crowd;
  const confirmed = backends.reduce((sum, { counts }) => sum + counts.confirmed, 0);
  const live = guests.filter(({ isLive }) => isLive).length;
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
    crowd = new Crowd(host, options, findings, chance);
    await crowd.enter();
    say(`${options.clients} clients are connected to ${nodes} nodes after ${seconds(performance.now() - began)}`);
    const { peaceMs, faultMs: mostMs } = options;
    const mischief = new Mischief({ cluster: host.cluster, chance, say, peaceMs, mostMs });
    const work = [...crowd.backends, crowd.stranger].map((one) => one.run());
    const chatting = crowd.chat(options.messagesPerSecond);
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
    clearInterval(chatting);
    for (const one of [...crowd.backends, crowd.stranger]) one.end();
    await Promise.all(work);
    const lasted = performance.now() - worked;
    const strange = crowd.stranger.settle((at) => mischief.wasWell(at));
    const end = await settle(crowd, findings);
    await crowd.leave();
    checkHistory(crowd.recorder.history(end), findings);
    const numbers = numbersOf(crowd, mischief, { lasted, strange });
    if (findings.list.length > 0) numbers.push(`the logs of the nodes are in ${keepLogs(host, seed)}`);
    return { numbers, findings };
  } finally {
    await crowd?.leave();
    await host?.cluster.stop();
    folder.remove();
  }
};

const sum = <T>(list: readonly T[], of: (each: T) => number): number =>
  list.reduce((total, each) => total + of(each), 0);

const numbersOf = (
  { recorder, guests, mailers, backends, stranger }: Crowd,
  mischief: Mischief,
  { lasted, strange }: { readonly lasted: number; readonly strange: number },
): string[] => {
  const gaps = new Map<string, number>();
  for (const { counts } of guests) for (const [why, n] of counts.gaps) gaps.set(why, (gaps.get(why) ?? 0) + n);
  const rate = (n: number): string => `${(n / (lasted / 1_000)).toFixed(1)} a second`;
  return [
    `faults: ${[...mischief.done].map(([name, n]) => `${name} ${n}`).join(', ')}`,
    `events: ${count(recorder.distinct)} in the log (${rate(recorder.distinct)}); ` +
      `${count(sum(backends, ({ counts }) => counts.confirmed))} confirmed over HTTP, ` +
      `${count(sum(backends, ({ counts }) => counts.repeated))} of them by a repeat; ` +
      `${count(sum(backends, ({ counts }) => counts.unknown))} without a key were not; ` +
      `${count(sum(backends, ({ counts }) => counts.unavailable))} answers of 503`,
    `from Redis: ${count(stranger.told.length)} published, ${count(strange)} of them while all was well`,
    `deliveries: ${count(recorder.received)} (${rate(recorder.received)}), ` +
      `${count(sum(guests, ({ counts }) => counts.replayed))} of them in replays`,
    `chat: ${count(sum(mailers, ({ counts }) => counts.confirmed))} messages confirmed ` +
      `(${rate(sum(mailers, ({ counts }) => counts.confirmed))}), ` +
      `${count(sum(mailers, ({ counts }) => counts.repeated))} of them by a repeat; ` +
      `${count(sum(mailers, ({ counts }) => counts.received))} received, ` +
      `${count(sum(mailers, ({ counts }) => counts.acknowledged))} acknowledged`,
    `clients: ${count(sum(guests, ({ counts }) => counts.connects))} connects, ` +
      `${count(sum(guests, ({ counts }) => counts.failed))} dials that failed, ` +
      `${count(sum(guests, ({ counts }) => counts.gone))} connections given up`,
    `gaps that were told: ${[...gaps].map(([why, n]) => `${why} ${count(n)}`).join(', ') || 'none'}`,
  ];
};
