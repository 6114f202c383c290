import { Chance } from '../chance.js';
import { Findings } from '../findings.js';
import { auditFollower } from '../readers/audit-follower.js';
import { ClientFollower } from '../readers/client-follower.js';
import { endOfLog, readLog } from '../readers/log-reader.js';
import { Truth } from '../readers/truth.js';
import { count, type RunOptions, type RunResult, seconds } from '../run.js';
import { dataFolder } from '../served/data-folder.js';
import { FaultServer } from '../served/server.js';
import { HttpCaller } from '../wire/http.js';
import { auditConversations, auditLog } from './audit.js';
import { Book } from './book.js';
import { type Cast, makeCast } from './cast.js';
import { Life } from './life.js';

export interface CrashOptions extends RunOptions {
  /** How often it is killed. */
  readonly times: number;
}

const MOST_CONFIRMATIONS = 250;
const CALM_PERCENT = 50;
const TELL_EACH = 10;

const connect = async ({ people, followers }: Cast, server: FaultServer): Promise<void> => {
  await Promise.all([...people, ...followers].map((one) => one.connect(server)));
};

const recovered = async ({ people, followers }: Cast): Promise<void> => {
  await Promise.all([...people.map((one) => one.handedOver()), ...followers.map((one) => one.recovered())]);
};

/** From a start to a kill. In a calm one, all have what they missed before confirmations count; else the kill may come first. */
const live = async (cast: Cast, server: FaultServer, life: Life, isCalm: boolean): Promise<void> => {
  const http = new HttpCaller(server);
  await connect(cast, server);
  if (!isCalm) life.arm();
  const work = Promise.all([
    ...cast.publishers.map((one) => one.run(http, life)),
    ...cast.people.map((one) => one.send(life)),
  ]);
  if (isCalm) {
    await recovered(cast);
    life.arm();
  }
  await work;
  await server.exited;
  await Promise.all([...cast.people, ...cast.followers].map((one) => one.disconnected()));
  http.close();
};

/** The last life: what is open is repeated until it is confirmed, and all come to the end. Gives the id of the last event. */
const settle = async (cast: Cast, server: FaultServer): Promise<string> => {
  const http = new HttpCaller(server);
  const life = new Life(server, Number.POSITIVE_INFINITY);
  await connect(cast, server);
  await Promise.all([
    ...cast.publishers.map((one) => one.settle(http, life)),
    ...cast.people.map((one) => one.settle(life)),
  ]);
  await recovered(cast);
  const body = { topic: 'new-deals', data: { tag: 'last', shop: 'north' } };
  const { id } = JSON.parse((await http.post('/v1/broadcast', body)).text) as { id: string };
  http.close();
  return id;
};

/** A fresh connection is handed exactly what is stored and not acknowledged. */
const auditMailboxes = async ({ people }: Cast, server: FaultServer, findings: Findings): Promise<number> => {
  let waiting = 0;
  for (const person of people) {
    const stored = new Set(person.waiting());
    await person.connect(server);
    await person.handedOver();
    for (const { seen } of person.devices) {
      for (const id of seen) {
        const isAsked = person.acks.has(id);
        findings.hold(
          stored.has(id) || isAsked,
          'nothing waits that nobody was told of',
          () => `${person.name}: ${id}`,
        );
      }
    }
    waiting += stored.size;
    await person.close();
  }
  return waiting;
};

const sum = <T>(list: readonly T[], of: (each: T) => number): number =>
  list.reduce((total, each) => total + of(each), 0);

/** Kills the server amid chat and publishing, again and again on one folder, and holds what was confirmed against what is there. */
export const crash = async ({ times, seed, say }: CrashOptions): Promise<RunResult> => {
  const findings = new Findings();
  const chance = new Chance(seed);
  const book = new Book(findings);
  const cast = makeCast({ book, findings, chance });
  const folder = dataFolder();
  const server = await FaultServer.on({ folder: folder.path });
  const began = performance.now();
  let client: ClientFollower | undefined;
  try {
    await server.start();
    const origin = await endOfLog(server);
    client = new ClientFollower(server, 'reader');
    await client.ready;
    for (let round = 1; round <= times; round += 1) {
      if (round > 1) await server.start();
      const life = new Life(server, 1 + chance.below(MOST_CONFIRMATIONS));
      await live(cast, server, life, chance.percent(CALM_PERCENT));
      if (round % TELL_EACH !== 0 && round !== times) continue;
      const confirmed = sum(cast.publishers, ({ counts }) => counts.confirmed);
      const messages = sum(cast.people, ({ counts }) => counts.confirmed);
      say(
        `killed ${round} times in ${seconds(performance.now() - began)}: ` +
          `${count(confirmed)} publishes and ${count(messages)} messages confirmed, ${findings.list.length} promises broken`,
      );
    }
    await server.start();
    const last = await settle(cast, server);
    await Promise.all([client.reached(last), cast.followers[0]?.reached(last)]);
    await Promise.all([...cast.people, ...cast.followers].map((one) => one.close()));
    const truth = new Truth(await readLog(server, origin));
    await server.kill();
    await server.start();
    const again = await readLog(server, origin);
    findings.hold(
      again.map(({ id }) => id).join() === truth.events.map(({ id }) => id).join(),
      'a log that was read is there after another kill',
      () => `${truth.events.length} events, then ${again.length}`,
    );
    const waiting = await auditMailboxes(cast, server, findings);
    auditLog(book, truth, origin, findings);
    auditConversations(book, findings);
    for (const follower of cast.followers) auditFollower(follower, truth, findings);
    client.audit(truth, findings);
    return { numbers: numbersOf(cast, book, truth, client, { times, waiting, began }), findings };
  } finally {
    await client?.close();
    await server.kill();
    folder.remove();
  }
};

interface Run {
  readonly times: number;
  readonly waiting: number;
  readonly began: number;
}

const numbersOf = (
  { publishers, people, followers }: Cast,
  book: Book,
  truth: Truth,
  client: ClientFollower,
  { times, waiting, began }: Run,
): string[] => {
  const { connects, events } = client.counts;
  return [
    `${times} kills on one folder in ${seconds(performance.now() - began)}`,
    `publishing: ${count(sum(publishers, ({ counts }) => counts.confirmed))} calls confirmed; ` +
      `${count(sum(publishers, ({ counts }) => counts.repeated))} of them by a repeat, of which ` +
      `${count(sum(publishers, ({ counts }) => counts.wasThere))} found the first one stored; ` +
      `${count(sum(publishers, ({ counts }) => counts.uncertain))} without a key were never answered`,
    `the log: ${count(truth.events.length)} events`,
    `chat: ${count(sum(people, ({ counts }) => counts.confirmed))} messages confirmed, ` +
      `${count(sum(people, ({ counts }) => counts.repeated))} of them by a repeat; ` +
      `${count(sum(people, ({ counts }) => counts.uncertain))} without an id were never answered; ` +
      `${count(sum(book.conversations, (name) => book.lengthOf(name)))} sequences in ${book.conversations.length} conversations`,
    `mailboxes: ${count(sum(people, ({ counts }) => counts.received))} received, ` +
      `${count(sum(people, ({ counts }) => counts.again))} of them handed over at a later connect; ` +
      `${count(sum(people, ({ counts }) => counts.acknowledged))} acknowledged; ${count(waiting)} waited at the end; ` +
      `${count(sum(people, ({ counts }) => counts.twice))} notifications came twice on one connection, pushed by a repeat`,
    `subscriptions: resumed ${count(sum(followers, ({ counts }) => counts.recovered))} times with recovered: true and ` +
      `${count(sum(followers, ({ counts }) => counts.lost))} times without, ` +
      `${count(sum(followers, ({ counts }) => counts.replayed))} events replayed`,
    `the project’s own client: ${count(connects)} connects, ${count(events)} events handed on`,
  ];
};
