import { Findings } from '../findings.js';
import { count, mebibytes, type RunOptions, type RunResult, seconds } from '../run.js';
import { dataFolder } from '../served/data-folder.js';
import { memoryOf, Watermark } from '../served/memory.js';
import { FaultServer } from '../served/server.js';
import { poll, within } from '../waiting.js';
import { offsetOf } from '../wire/event-id.js';
import { HttpCaller } from '../wire/http.js';
import { Peer } from '../wire/peer.js';
import { boundOf, youngGeneration } from './bound.js';
import { quantile, Stream } from './stream.js';
import { Subscriber } from './subscriber.js';

export interface StalledOptions extends RunOptions {
  readonly readers: number;
  /** Subscribers that stop reading: for a while; from early on; from late on; where events cannot be conflated. */
  readonly dozing: number;
  readonly early: number;
  readonly late: number;
  readonly flooded: number;
  readonly events: number;
  readonly bytes: number;
  readonly perSecond: number;
  /** Lower than the default, to keep the run short. */
  readonly stallSeconds: number;
}

const THINGS = 50;
const PER_CALL = 10;
const LONG_MS = 120_000;

const HARD_BYTES = 1_048_576;

/** The full size, as `npm run faults -- stalled` runs it. */
export const fullSize = {
  readers: 100,
  dozing: 10,
  early: 40,
  late: 40,
  flooded: 10,
  events: 20_000,
  bytes: 700,
  perSecond: 700,
  stallSeconds: 5,
};

const group = (name: string, size: number, topic: string): Subscriber[] =>
  Array.from({ length: size }, (_, i) => new Subscriber(`${name}${i}`, topic));

class Stage {
  readonly findings = new Findings();
  readonly server: FaultServer;
  readonly http: HttpCaller;
  readonly stream: Stream;
  readonly options: StalledOptions;
  readonly began = performance.now();

  constructor(server: FaultServer, options: StalledOptions) {
    this.server = server;
    this.http = new HttpCaller(server);
    this.options = options;
    this.stream = new Stream(this.http, {
      topic: 'new-deals',
      things: THINGS,
      bytes: options.bytes,
      perCall: PER_CALL,
    });
  }

  say(line: string): void {
    this.options.say(`${seconds(performance.now() - this.began)}: ${line}`);
  }

  /** Whether the server has given this one up. */
  async isGone({ user }: Subscriber): Promise<boolean> {
    const { text } = await this.http.get(`/v1/connections?userId=${user}`);
    return (JSON.parse(text) as { items: unknown[] }).items.length === 0;
  }

  async untilGone(all: readonly Subscriber[]): Promise<void> {
    for (const one of all) {
      await poll(`the server to give up ${one.user}`, async () => ((await this.isGone(one)) ? true : undefined));
    }
  }

  holdOrder(all: readonly Subscriber[]): void {
    for (const { user, wrong } of all) {
      this.findings.hold(
        wrong.length === 0,
        'events come in order, none left out untold',
        () => `${user}: ${wrong[0]}`,
      );
    }
  }
}

/** They stop reading until the server conflates for them, and read on: the newest state of each thing comes, in order. */
const doze = async (stage: Stage, dozing: readonly Subscriber[]): Promise<void> => {
  const { stream, http, findings, options } = stage;
  const most = options.events * 0.45;
  for (const one of dozing) one.pause();
  const conflated = () => http.metric('aideals_conflated_total');
  // How much the kernel takes for a connection first is its own affair.
  while (stream.published < most && (await conflated()) < dozing.length * THINGS) {
    await stream.until(stream.published + PER_CALL * 4, options.perSecond);
  }
  const until = stream.published;
  findings.hold(
    (await conflated()) > 0,
    'above the soft mark events are conflated',
    () => `none after ${until} events`,
  );
  for (const one of dozing) one.resume();
  await within(LONG_MS, 'those who read again', Promise.all(dozing.map((one) => one.reached(until))));
  for (const one of dozing) {
    const stale = [...one.newest.values()].filter((n) => n <= until - THINGS).length;
    findings.hold(
      stale === 0 && one.received + one.conflated === until,
      'of each thing the newest state comes, and all others are counted',
      () => `${one.user}: ${one.received} came, ${one.conflated} were conflated, of ${until}; ${stale} stale`,
    );
  }
  stage.say(
    `${dozing.length} stopped reading and read on: ${count(dozing[0]?.received ?? 0)} events came to each, about, ` +
      `${count(dozing[0]?.conflated ?? 0)} had made room for newer ones`,
  );
};

/** Events that cannot be conflated: the hard mark ends it, and who reads then sees why. */
const flood = async (stage: Stage, flooded: readonly Subscriber[]): Promise<void> => {
  const { findings, server } = stage;
  for (const one of flooded) one.pause();
  const list = { topic: 'flood', things: Number.POSITIVE_INFINITY, bytes: 60_000, perCall: 15 };
  const stream = new Stream(stage.http, list);
  const total = 150;
  await stream.until(total);
  for (const one of flooded) {
    await stage.untilGone([one]);
    one.resume();
    const closing = await within(LONG_MS, `the close of ${one.user}`, one.closing as Promise<{ code: number }>);
    findings.hold(closing.code === 4008, 'past the hard mark the close is 4008', () => `${one.user}: ${closing.code}`);
    const { recovered } = await one.connect(server);
    findings.hold(recovered, 'who was closed for being slow resumes', () => one.user);
    await within(LONG_MS, 'a replay', one.recovered);
    findings.hold(
      one.last === total && one.received === total,
      'who resumes has every event',
      () => `${one.user}: ${one.received} of ${total}`,
    );
  }
  stage.say(`${flooded.length} more were closed with 4008 past the hard mark, came back and have every event`);
};

/** They come back: from where they had come to all that there is. */
const comeBack = async (stage: Stage, all: readonly Subscriber[], oldest: number): Promise<string> => {
  const { findings, server, options } = stage;
  const codes = new Map<number, number>();
  let [lost, replayed] = [0, 0];
  for (const one of all) {
    one.resume();
    const { code } = await within(LONG_MS, 'the end of a connection', one.closing as Promise<{ code: number }>);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    const [had, cursor] = [one.received, one.cursor ?? ''];
    const isCovered = offsetOf(cursor) >= oldest - 1;
    const told = await one.connect(server);
    findings.hold(
      told.recovered === isCovered && (isCovered || told.lost?.['reason'] === 'retention'),
      'who comes back is recovered, or told that retention took something',
      () => `${one.user} from ${cursor}, the oldest is ${oldest}: ${JSON.stringify(told)}`,
    );
    if (told.lost !== undefined) lost += 1;
    await within(LONG_MS, 'a replay', one.recovered);
    replayed += one.replayed;
    findings.hold(
      one.last === options.events && (!isCovered || one.received === options.events),
      'who comes back gets what was missed and is still there',
      () => `${one.user} had ${had}, and has ${one.received} up to ${one.last}`,
    );
  }
  const told = [...codes].map(([code, times]) => `${times} × ${code}`).join(', ');
  return `${all.length} came back (their sockets had ended with ${told}): ${all.length - lost} recovered, ${lost} told retention; ${count(replayed)} events replayed`;
};

/** Resolves with the offset of the oldest event when retention has left no more than this. */
const trimmed = (stage: Stage, origin: string, keep: number, last: number): Promise<number> =>
  poll('the log to be trimmed', async () => {
    const peer = await Peer.dial(stage.server, 'surveyor');
    const { data } = await peer.ask('subscribeToDeals', { topic: 'nothing', lastEventId: origin });
    await peer.close();
    const oldest = (data['lost'] as { oldest?: string } | undefined)?.oldest;
    return oldest !== undefined && offsetOf(oldest) > last - keep ? offsetOf(oldest) : undefined;
  });

/** Half of the subscribers stop reading while events are published to all: nobody else notices, memory is bounded, and they come back. */
export const stalled = async (options: StalledOptions): Promise<RunResult> => {
  const { events, perSecond } = options;
  const folder = dataFolder();
  const keep = Math.round(events * 0.4);
  const settings = {
    ...youngGeneration,
    AIDEALS_OUTBOX_STALL_SECONDS: String(options.stallSeconds),
    AIDEALS_RETENTION_EVENTS: String(keep),
  };
  const server = await FaultServer.on({ folder: folder.path, settings });
  await server.start();
  const stage = new Stage(server, options);
  const { stream, http, findings } = stage;
  const readers = group('reader', options.readers, 'new-deals');
  const dozing = group('dozing', options.dozing, 'new-deals');
  const early = group('early', options.early, 'new-deals');
  const late = group('late', options.late, 'new-deals');
  const flooded = group('flooded', options.flooded, 'flood');
  const all = [...readers, ...dozing, ...early, ...late, ...flooded];
  let watermark: Watermark | undefined;
  try {
    await Promise.all(all.map((one) => one.connect(server)));
    const origin = readers[0]?.cursor ?? '';
    stage.say(`${all.length} subscribers; ${options.stallSeconds} s without a byte taken is a stall (by default 30)`);
    await stream.until(Math.round(events * 0.02), perSecond);
    const base = memoryOf(server.pid);
    watermark = new Watermark(server.pid);
    await doze(stage, dozing);
    for (const one of early) one.pause();
    await stream.until(Math.round(events * 0.63), perSecond);
    for (const one of late) one.pause();
    stage.say(`${count(stream.published)} events published, ${early.length + late.length} do not read`);
    await stream.until(events, perSecond);
    await within(LONG_MS, 'the readers', Promise.all(readers.map((one) => one.reached(events))));
    stage.say(`${count(events)} events published, and all readers have them`);
    await stage.untilGone([...early, ...late]);
    const slow = early.length + late.length;
    const closes = await poll('the closes to be counted', async () => {
      const closed = await http.metric('aideals_closes_total', 'code="4008"');
      return closed >= slow ? closed : undefined;
    });
    findings.hold(
      closes === slow,
      'who takes nothing for the stall time is closed with 4008',
      () => `${closes} closes with 4008 for ${slow}`,
    );
    stage.say(`the server closed ${closes} with 4008`);
    await flood(stage, flooded);
    const peak = watermark.stop();
    const stuck = dozing.length + early.length + late.length + flooded.length;
    const grown = peak.own - base.own;
    const bound = boundOf(stuck, HARD_BYTES);
    findings.hold(
      grown <= bound,
      'the memory of slow readers is bounded',
      () => `${mebibytes(grown)} of ${mebibytes(bound)}`,
    );
    for (const one of readers) {
      findings.hold(
        one.received === events && one.conflated === 0,
        'who reads gets every event',
        () => `${one.user}: ${one.received} of ${events}, ${one.conflated} conflated`,
      );
    }
    const oldest = await trimmed(stage, origin, keep, offsetOf(readers[0]?.cursor ?? ''));
    const returned = await comeBack(stage, [...early, ...late], oldest);
    stage.holdOrder(all);
    const { latencies } = stream;
    return {
      findings,
      numbers: [
        `${all.length} subscribers, ${stuck} of them not reading, ${count(events)} events in ${seconds(performance.now() - stage.began)}`,
        `readers: ${count(events * readers.length)} deliveries, none left out, none out of order`,
        `publishing ${PER_CALL} at a time: half of the calls within ${quantile(latencies, 0.5).toFixed(1)} ms, 99 of 100 within ${quantile(latencies, 0.99).toFixed(1)} ms`,
        `memory of the server’s own: ${mebibytes(base.own)} before, ${mebibytes(peak.own)} at most: ${mebibytes(grown)} more, ` +
          `the bound is ${mebibytes(bound)}; resident in all ${mebibytes(peak.resident)}, files mapped into memory included`,
        returned,
      ],
    };
  } finally {
    watermark?.stop();
    await Promise.all(all.map((one) => one.close()));
    http.close();
    await server.kill();
    folder.remove();
  }
};
