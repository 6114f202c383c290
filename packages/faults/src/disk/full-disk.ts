import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import { auditFollower } from '../readers/audit-follower.js';
import { Follower } from '../readers/follower.js';
import { endOfLog, type LoggedEvent, readLog } from '../readers/log-reader.js';
import { Truth } from '../readers/truth.js';
import { count, seconds } from '../run.js';
import { FaultServer } from '../served/server.js';
import { poll, within } from '../waiting.js';
import { HttpCaller } from '../wire/http.js';
import { Peer } from '../wire/peer.js';
import { type SmallDisk, smallDisk } from './small-disk.js';
import { type Write, Writer } from './writer.js';

export interface FullDiskOptions {
  readonly findings: Findings;
  readonly chance: Chance;
  readonly say: (line: string) => void;
  /** Things stored before, refused while there is no room, and stored after. */
  readonly writes: number;
}

const TOPIC = 'new-deals';
const MOST_WRITES = 5_000;
const ENDING_MS = 5_000;
const LOG_MS = 2_000;
/** Less than the server keeps free, so that it sees the end of the room before it is there. */
const LITTLE_BYTES = 1_048_576;

/** What a recipient was pushed, over all connections: ids by tag. */
class Mailbox {
  readonly ids = new Map<string, Set<string>>();

  async connect(server: FaultServer): Promise<Peer> {
    return Peer.dial(server, 'bob', {
      onFrame: ({ type, data }) => {
        if (type === 'messageReceived') this.#add(String(data['content']).split(' ')[0] as string, data['messageId']);
        else if (type === 'notification') this.#add(String(data['title']), data['notificationId']);
      },
    });
  }

  #add(tag: string, id: unknown): void {
    const ids = this.ids.get(tag) ?? new Set();
    this.ids.set(tag, ids.add(String(id)));
  }
}

interface Told {
  readonly status: number;
  readonly store: string | undefined;
}

const readiness = async (http: HttpCaller): Promise<Told> => {
  const { status, text } = await http.get('/readyz');
  return { status, store: (JSON.parse(text) as { checks?: { store?: string } }).checks?.store };
};

/** The lines of the log that say this; waits a moment for the first. */
const logged = async (server: FaultServer, message: string): Promise<string[]> => {
  const lines = () => server.log.filter((line) => line.includes(`"msg":"${message}"`));
  await poll(message, () => (lines().length > 0 ? true : undefined), LOG_MS).catch(() => undefined);
  return lines();
};

const statusOf = async (peer: Peer): Promise<unknown> => (await peer.ask('getStatus')).data['systemStatus'];

/** While there is no room: writes are refused and named, all else goes on, and the server says what is wrong. */
const withoutRoom = async (
  server: FaultServer,
  { findings, writes }: FullDiskOptions,
  disk: SmallDisk,
  http: HttpCaller,
  sender: Peer,
  writer: Writer,
): Promise<void> => {
  const before = writer.refused.length;
  disk.fill(server.pid, LITTLE_BYTES);
  await poll('the server to refuse', async () => ((await writer.next()) ? undefined : true));
  disk.fill(server.pid, 0);
  for (let n = 0; writer.refused.length < before + writes; n += 1) {
    if (n > MOST_WRITES) throw new Error('the disk does not get full');
    await writer.next();
  }
  const { status, store } = await readiness(http);
  findings.hold(
    status === 503 && store !== undefined && store !== 'ok',
    'a server that cannot write is not ready, and names the store',
    () => `readyz was ${status}, store: ${store}`,
  );
  const told = await statusOf(sender);
  findings.hold(told === 'degraded', 'a server that cannot write tells its clients so', () => `${told}`);
  const health = await http.get('/healthz');
  findings.hold(health.status === 200, 'a server that cannot write lives', () => `healthz was ${health.status}`);
  const subscribed = await sender.ask('subscribeToDeals', { topic: 'other' });
  findings.hold(subscribed.type === 'subscriptionConfirmed', 'what needs no disk goes on', () =>
    JSON.stringify(subscribed.data),
  );
  const [first, ...more] = await logged(server, 'the store cannot be written');
  findings.hold(
    first !== undefined && disk.cause.test(first) && first.includes(disk.path) && more.length === 0,
    'the log says once what is wrong',
    () => `${more.length + 1} lines, the first: ${first}`,
  );
};

/** When there is room again the server is well by itself; gives how long that took. */
const withRoom = async (
  server: FaultServer,
  { findings, writes }: FullDiskOptions,
  disk: SmallDisk,
  http: HttpCaller,
  sender: Peer,
  writer: Writer,
): Promise<number> => {
  const began = performance.now();
  disk.makeRoom(server.pid);
  await poll('the server to store again', async () => ((await writer.next()) ? true : undefined));
  const took = performance.now() - began;
  for (let n = 0; n < writes; n += 1) {
    const isStored = await writer.next();
    findings.hold(isStored, 'with room again everything is stored', () => writer.writes.at(-1)?.tags[0] ?? '');
  }
  const { status, store } = await readiness(http);
  findings.hold(status === 200, 'with room again the server is ready', () => `${status}, store: ${store}`);
  const again = (await logged(server, 'the store can be written again')).length;
  findings.hold(again === 1, 'the log says once that all is well again', () => `${again} lines`);
  const told = await statusOf(sender);
  findings.hold(told === 'operational', 'with room again the server tells its clients so', () => `${told}`);
  return took;
};

/** What is stored against what was told, in the log and in the mailbox. */
const audit = (
  { findings }: FullDiskOptions,
  writes: readonly Write[],
  events: readonly LoggedEvent[],
  mail: ReadonlyMap<string, ReadonlySet<string>>,
  when: string,
): void => {
  const byTag = new Map<string, string[]>();
  for (const { id, data } of events) {
    const tag = String(data['tag']);
    byTag.set(tag, [...(byTag.get(tag) ?? []), id]);
  }
  for (const { kind, tags, outcome, ids } of writes) {
    const isMail = kind === 'message' || kind === 'notification';
    if (outcome === undefined) continue;
    const found = tags.map((tag) => (isMail ? [...(mail.get(tag) ?? [])] : (byTag.get(tag) ?? [])));
    const expected = outcome === 'confirmed' ? ids.map((id) => [id]) : tags.map(() => []);
    findings.hold(
      JSON.stringify(found) === JSON.stringify(expected),
      'what was confirmed is stored once, and of what was refused nothing is',
      () => `${when}: ${kind} ${tags[0]}, ${outcome}: ${JSON.stringify(found)} for ${JSON.stringify(expected)}`,
    );
  }
};

/** A disk that is full for a while. */
export const fullDisk = async (options: FullDiskOptions): Promise<string[]> => {
  const { findings, chance, say, writes } = options;
  const disk = smallDisk();
  const server = await FaultServer.on({ folder: disk.path });
  try {
    await server.start();
    const http = new HttpCaller(server);
    const origin = await endOfLog(server);
    const live = new Follower({ name: 'live', topic: TOPIC, filters: {}, matches: () => true, findings, chance });
    await live.connect(server);
    await live.recovered();
    const sender = await Peer.dial(server, 'ann');
    const pushed = new Mailbox();
    const recipient = await pushed.connect(server);
    const writer = new Writer({ http, findings, sender, recipient: 'bob', topic: TOPIC });
    for (let n = 0; n < writes; n += 1) await writer.next();
    say(`${count(writer.confirmed.length)} things stored; now there is no room: ${disk.how}`);
    await withoutRoom(server, options, disk, http, sender, writer).catch(async (error: unknown) => {
      // Its links break a moment before it is gone.
      await within(ENDING_MS, 'the server to be gone', server.exited).catch(() => {
        throw error;
      });
    });
    const refused = writer.refused;
    say(`${count(refused.length)} refused; now there is room again`);
    const open = refused.filter(({ key }) => key !== undefined);
    let took = Number.NaN;
    if (server.end === undefined) {
      took = await withRoom(server, options, disk, http, sender, writer);
      for (const write of open) {
        findings.hold(await writer.ask(write), 'what was refused can be asked for again', () => write.tags[0] ?? '');
      }
      await sender.close();
      await recipient.close();
    } else {
      findings.hold(
        !disk.isForeseen,
        'a full disk does not end the server',
        () => `it ended with ${JSON.stringify(server.end)} after ${refused.length} refusals: ${server.log.at(-1)}`,
      );
      disk.makeRoom(undefined);
      await server.start();
    }
    const events = await readLog(server, origin);
    audit(options, writer.writes, events, pushed.ids, 'at once');
    http.close();
    await server.kill();
    await server.start();
    const handedOver = new Mailbox();
    const again = await handedOver.connect(server);
    const mails = writer.confirmed.filter(({ kind }) => kind === 'message' || kind === 'notification').length;
    await poll('what waits', () => (handedOver.ids.size >= mails ? true : undefined)).catch(() => undefined);
    audit(options, writer.writes, await readLog(server, origin), handedOver.ids, 'after a kill');
    await again.close();
    if (!Number.isNaN(took)) auditFollower(live, new Truth(events), findings);
    const stored = `a full disk (${disk.how}): ${count(writer.confirmed.length)} things confirmed, all there, each once, also after a kill`;
    const not = `${count(refused.length)} refused while there was no room, nothing of them stored`;
    if (Number.isNaN(took)) return [`${stored}; ${not}; the server was ended by the database library`];
    return [
      `${stored}; ${not}; ${count(open.length)} of them had a key, were asked for again and stored`,
      `well by itself ${seconds(took)} after there was room; the log told the cause once, and once that all was well again`,
    ];
  } finally {
    await server.kill();
    disk.remove();
  }
};
