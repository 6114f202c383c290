import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Chance } from '../chance.js';
import { Guest } from '../cluster/guest.js';
import { Mailer } from '../cluster/mailer.js';
import { Backend, SHOPS, TOPICS } from '../cluster/publishers.js';
import { Recorder } from '../cluster/recorder.js';
import { Findings } from '../findings.js';
import { byIds } from '../history/by-ids.js';
import { checkHistory } from '../history/check.js';
import { type Interest, isOf } from '../history/history.js';
import { Logs } from '../history/logs.js';
import { count, type RunOptions, type RunResult, seconds } from '../run.js';
import { dataFolder } from '../served/data-folder.js';
import { poll } from '../waiting.js';
import { isNewer } from '../wire/event-id.js';
import { Deployment } from './deployment.js';
import { breakThings } from './mischief.js';

export interface ServerlessRunOptions extends RunOptions {
  readonly clients: number;
  /** How long things are broken. */
  readonly ms: number;
  /** Milliseconds of peace between two faults, at most, and of a fault. */
  readonly peaceMs: number;
  readonly faultMs: number;
  /** Events a second of all backends together, and messages a second of all who chat. */
  readonly eventsPerSecond: number;
  readonly messagesPerSecond: number;
  /** In place of the two hours of a connection. */
  readonly lifeMs: number;
}

const BACKENDS = 3;
const PING_EVERY_MS = 5_000;
const IDLE_MS = 60_000;
const CHATTING_SHARE = 0.25;
const ALL_PERCENT = 10;
const SETTLE_MS = 120_000;
const TELL_EVERY_MS = 30_000;

const someInterest = (chance: Chance): Interest => {
  if (chance.percent(ALL_PERCENT)) return { topic: 'all-deals', shops: undefined };
  const first = chance.below(SHOPS.length);
  const shops = Array.from({ length: 1 + chance.below(4) }, (_, i) => SHOPS[(first + i) % SHOPS.length] as string);
  return { topic: chance.pick(TOPICS), shops };
};

/** All who take part. */
class Crowd {
  readonly recorder = new Recorder();
  readonly guests: readonly Guest[];
  readonly mailers: readonly Mailer[];
  readonly backends: readonly Backend[];
  readonly #chance: Chance;
  readonly #timers: NodeJS.Timeout[] = [];
  #staying: Promise<void>[] = [];

  constructor(host: Deployment, options: ServerlessRunOptions, findings: Findings, chance: Chance) {
    const { recorder } = this;
    this.#chance = chance;
    const names = Array.from({ length: options.clients }, (_, i) => `guest-${i}`);
    const chatting = names.slice(0, Math.max(4, Math.floor(options.clients * CHATTING_SHARE)));
    this.mailers = chatting.map((name, i) => {
      const friends = [1, 2, 3].map((step) => chatting[(i + step) % chatting.length] as string);
      return new Mailer({ name, friends, recorder, chance });
    });
    this.guests = names.map((name, i) => {
      const mailer = this.mailers[i];
      // The first sees everything, so that what is in the log is known.
      const interest: Interest = i === 0 ? { topic: 'all-deals', shops: undefined } : someInterest(chance);
      const common = { name, interest, host, recorder, findings, chance, isOrdered: false };
      return new Guest(mailer === undefined ? common : { ...common, mailer });
    });
    const everyMs = (BACKENDS * 1_000) / options.eventsPerSecond;
    this.backends = Array.from(
      { length: BACKENDS },
      (_, i) => new Backend({ name: `backend-${i}`, everyMs, recorder, findings, chance }, host),
    );
  }

  get live(): number {
    return this.guests.filter(({ isLive }) => isLive).length;
  }

  /** Resolves when all are connected and subscribed. */
  async enter(): Promise<void> {
    this.#staying = this.guests.map((guest) => guest.stay());
    await poll('all clients to be connected', () => (this.live === this.guests.length ? true : undefined), SETTLE_MS);
    const ping = setInterval(() => {
      for (const guest of this.guests) guest.ping();
    }, PING_EVERY_MS);
    this.#timers.push(ping);
  }

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

/** Whether every reader has all that it is owed, from its first promise on, and every recipient its messages. */
const hasAll = ({ recorder }: Crowd): boolean => {
  for (const { interest, stretches } of recorder.readers) {
    const after = stretches[0]?.after;
    if (after === undefined) return false;
    const came = new Set(stretches.flatMap(({ ids }) => ids));
    for (const publication of recorder.publications) {
      const { id } = publication;
      if (id !== undefined && isNewer(id, after) && isOf(interest, publication) && !came.has(id)) return false;
    }
  }
  const came = new Set(
    recorder.sittings.flatMap(({ user, received }) => received.map(({ messageId }) => `${user} ${messageId}`)),
  );
  return recorder.messages.every(
    ({ to, messageId, outcome }) => outcome !== 'confirmed' || came.has(`${to} ${messageId}`),
  );
};

/** What is open is confirmed, and what is owed comes. Gives the id of the last event; undefined where that takes too long. */
const settle = async (crowd: Crowd, findings: Findings): Promise<string | undefined> => {
  const { mailers, guests, backends } = crowd;
  try {
    const confirmed = (): true | undefined => {
      for (const mailer of mailers) mailer.write(false);
      return mailers.every(({ isIdle }) => isIdle) ? true : undefined;
    };
    await poll('all messages to be confirmed', confirmed, SETTLE_MS);
    await poll('all clients to be there', () => (crowd.live === guests.length ? true : undefined), SETTLE_MS);
    const end = await backends[0]?.publish(true);
    // What does not come is for the checker to tell.
    await poll('all to come', () => (hasAll(crowd) ? true : undefined), SETTLE_MS / 2).catch(() => undefined);
    return end;
  } catch (error) {
    findings.broken(
      'in the end all is well',
      `${(error as Error).message}; ${crowd.live} of ${guests.length} are live`,
    );
    return undefined;
  }
};

/** For whoever looks for the cause. */
const keepLog = ({ lines }: Deployment, seed: number): string => {
  const folder = join(tmpdir(), `aideals-faults-serverless-${seed}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'functions.log'), `${lines.join('\n')}\n`);
  return folder;
};

const sum = <T>(list: readonly T[], of: (each: T) => number): number =>
  list.reduce((total, each) => total + of(each), 0);

const numbersOf = ({ recorder, guests, mailers, backends }: Crowd, done: ReadonlyMap<string, number>): string[] => [
  `faults: ${[...done].map(([name, n]) => `${name} ${n}`).join(', ')}`,
  `events: ${count(recorder.distinct)} in the log; ${count(sum(backends, ({ counts }) => counts.confirmed))} confirmed, ` +
    `${count(sum(backends, ({ counts }) => counts.repeated))} of them by a repeat; ` +
    `${count(sum(backends, ({ counts }) => counts.unknown))} without a key were not`,
  `deliveries: ${count(recorder.received)}, ${count(sum(guests, ({ counts }) => counts.replayed))} of them in replays`,
  `chat: ${count(sum(mailers, ({ counts }) => counts.confirmed))} messages confirmed, ` +
    `${count(sum(mailers, ({ counts }) => counts.repeated))} of them by a repeat; ` +
    `${count(sum(mailers, ({ counts }) => counts.received))} received`,
  `clients: ${count(sum(guests, ({ counts }) => counts.connects))} connects, ` +
    `${count(sum(guests, ({ counts }) => counts.failed))} dials that failed, ` +
    `${count(sum(guests, ({ counts }) => counts.gone))} connections given up`,
];

/** Breaks a deployment of functions in every way, while clients publish, subscribe, chat and come back, and judges what came. */
export const serverless = async (options: ServerlessRunOptions): Promise<RunResult> => {
  const { seed, say, ms, lifeMs, peaceMs, faultMs: mostMs } = options;
  const findings = new Findings();
  const chance = new Chance(seed);
  const began = performance.now();
  const folder = dataFolder();
  const deployment = await Deployment.start({
    ...{ seed, folder: folder.path, lifeMs, idleMs: IDLE_MS },
    chance: () => chance.below(1_000) / 1_000,
  });
  const crowd = new Crowd(deployment, options, findings, chance);
  try {
    await crowd.enter();
    say(`${options.clients} clients are connected after ${seconds(performance.now() - began)}`);
    const work = crowd.backends.map((backend) => backend.run());
    const chatting = crowd.chat(options.messagesPerSecond);
    const telling = setInterval(
      () =>
        say(`${seconds(performance.now() - began)}: ${count(crowd.recorder.received)} deliveries, ${crowd.live} live`),
      TELL_EVERY_MS,
    );
    const done = await breakThings({ deployment, guests: crowd.guests, chance, say, peaceMs, mostMs }, ms);
    clearInterval(telling);
    // A while of work in peace, so that what was broken last shows as well.
    await pause(peaceMs);
    clearInterval(chatting);
    for (const backend of crowd.backends) backend.end();
    await Promise.all(work);
    const end = await settle(crowd, findings);
    await crowd.leave();
    const history = crowd.recorder.history(end);
    checkHistory(byIds(history, new Logs(history)), findings);
    for (const { counts, name } of crowd.guests) {
      for (const [why, n] of counts.gaps) findings.broken('no gap, where nothing goes', `${name}: ${why}, ${n} times`);
    }
    deployment.auditFreeze(findings);
    const numbers = numbersOf(crowd, done);
    const failed = [...deployment.failed].map(([why, n]) => `${why} ${count(n)}`).join(', ');
    numbers.push(`invocations without a result: ${failed || 'none'}`);
    if (findings.list.length > 0) numbers.push(`what the functions wrote is in ${keepLog(deployment, seed)}`);
    return { numbers, findings };
  } finally {
    await crowd.leave();
    await deployment.stop();
    folder.remove();
  }
};
