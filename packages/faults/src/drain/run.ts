import { Chance } from '../chance.js';
import { Findings } from '../findings.js';
import { auditFollower } from '../readers/audit-follower.js';
import { ClientFollower } from '../readers/client-follower.js';
import { endOfLog, readLog } from '../readers/log-reader.js';
import { Truth } from '../readers/truth.js';
import { count, type RunOptions, type RunResult, seconds } from '../run.js';
import { dataFolder } from '../served/data-folder.js';
import { FaultServer } from '../served/server.js';
import { poll, within } from '../waiting.js';
import { HttpCaller } from '../wire/http.js';
import { Peer } from '../wire/peer.js';
import { Prober } from './prober.js';
import { busiest, histogram } from './spread.js';
import { Visitor } from './visitor.js';

export interface DrainOptions extends RunOptions {
  readonly clients: number;
  /** Of the project's own client. */
  readonly own: number;
  /** Connections that do not read when the server stops for the second time. */
  readonly deaf: number;
  readonly drainSeconds: number;
}

const CHATTERS = 10;
const PUBLISHERS = 3;
const BEFORE_STOP = 100;
const WINDOW_MS = 100;
const RETURN_MS = 60_000;

interface Confirmed {
  readonly ids: string[];
  readonly messages: string[];
}

interface Stage {
  readonly server: FaultServer;
  readonly findings: Findings;
  readonly visitors: readonly Visitor[];
  readonly prober: Prober;
  readonly drainSeconds: number;
  readonly confirmed: Confirmed;
}

/** Publishes until nobody takes it; what is answered otherwise than with 200 or 503 is wrong. */
const publish = async (
  { server, findings, confirmed }: Stage,
  name: string,
  until: { isOver: boolean },
): Promise<void> => {
  const http = new HttpCaller(server);
  for (let n = 1; !until.isOver; n += 1) {
    const body = JSON.stringify({ topic: 'new-deals', data: { tag: `${name}:${n}`, shop: 'north' } });
    const answer = await http.try({ method: 'POST', path: '/v1/broadcast', body });
    if (answer === undefined || answer.status === 503) break;
    findings.hold(answer.status === 200, 'a good publish is answered 200', () => `${answer.status} ${answer.text}`);
    if (answer.status === 200) confirmed.ids.push((JSON.parse(answer.text) as { id: string }).id);
  }
  http.close();
};

interface Stop {
  readonly exitMs: number;
  readonly downMs: number;
  readonly told: readonly number[];
  readonly dialled: readonly number[];
  readonly codes: ReadonlyMap<number, number>;
  readonly refused: number;
}

/** One stop under load and the start after it, until all are back. */
const stop = async (stage: Stage, round: number, isObedient: boolean): Promise<Stop> => {
  const { server, findings, visitors, prober, confirmed, drainSeconds } = stage;
  const load = { isOver: false };
  const chats = visitors.slice(0, CHATTERS).map((one) => one.chat('absent'));
  const publishing = Array.from({ length: PUBLISHERS }, (_, i) => publish(stage, `${round}.${i}`, load));
  const returns = visitors.map((one) => one.leaveAndReturn(server, isObedient));
  const before = confirmed.ids.length;
  await poll('the load to begin', () => (confirmed.ids.length >= before + BEFORE_STOP ? true : undefined));
  const upgrades = prober.counts.upgrades;
  const probing = prober.run();
  await poll('a look before the stop', () => (prober.counts.upgrades > upgrades ? true : undefined));
  const began = performance.now();
  server.signal('SIGTERM');
  const { code } = await within(drainSeconds * 1000 + RETURN_MS, 'the server to end', server.exited);
  const exitMs = performance.now() - began;
  findings.hold(code === 0, 'a server that is asked to stop ends with 0', () => `${code}`);
  findings.hold(
    exitMs <= drainSeconds * 1000 + 1_000,
    'a stop is over within AIDEALS_DRAIN_SECONDS',
    () => `it took ${seconds(exitMs)}`,
  );
  load.isOver = true;
  await Promise.all([...publishing, probing]);
  for (const ids of await Promise.all(chats)) confirmed.messages.push(...ids);
  await server.start();
  const downMs = performance.now() - began - exitMs;
  await within(RETURN_MS, 'all to come back', Promise.all(returns));
  await Promise.all(visitors.map((one) => one.follower.recovered()));
  const codes = new Map<number, number>();
  for (const { closeCode = 0 } of visitors) codes.set(closeCode, (codes.get(closeCode) ?? 0) + 1);
  if (!isObedient) {
    findings.hold(codes.size === 1 && codes.has(1012), 'who stays is closed with 1012', () =>
      [...codes].map(([each, times]) => `${times} × ${each}`).join(', '),
    );
  }
  return {
    exitMs,
    downMs,
    told: visitors.flatMap((one) => one.lastTold?.afterMs ?? []),
    dialled: visitors.map((one) => one.dialledAt - began),
    codes,
    refused: visitors.reduce((sum, one) => sum + one.takeRefused(), 0),
  };
};

const holdSpread = ({ told, dialled }: Stop, findings: Findings): void => {
  findings.hold(
    new Set(told).size === told.length,
    'each is told a delay of its own',
    () => `${new Set(told).size} delays for ${told.length}`,
  );
  const most = busiest(dialled, WINDOW_MS);
  findings.hold(
    // Of a few, a busy machine wakes several at once.
    most <= Math.max(16, dialled.length * 0.25),
    'the return is spread',
    () => `${most} of ${dialled.length} came within ${WINDOW_MS} ms`,
  );
};

const line = (who: string, { exitMs, downMs, told, dialled, codes, refused }: Stop): string =>
  `${who}: closed with ${[...codes].map(([code, times]) => `${code} (${times})`).join(', ')}, ended after ${seconds(exitMs)}, ` +
  `up again ${seconds(downMs)} later; told delays of ${Math.min(...told)} to ${Math.max(...told)} ms; came back over ` +
  `${seconds(Math.max(...dialled) - Math.min(...dialled))}, at most ${busiest(dialled, WINDOW_MS)} within ${WINDOW_MS} ms ` +
  `(each ${WINDOW_MS} ms: ${histogram(dialled, WINDOW_MS).join(' ')}); turned away ${refused} times, since the server was not up yet`;

/** What was confirmed to those who sent waits for the one who was away. */
const auditMessages = async ({ server, findings, confirmed }: Stage): Promise<void> => {
  const seen = new Set<string>();
  const peer = await Peer.dial(server, 'absent', {
    onFrame: ({ type, data }) => type === 'messageReceived' && seen.add(String(data['messageId'])),
  });
  const missing = () => confirmed.messages.filter((id) => !seen.has(id));
  await poll('the messages', () => (missing().length === 0 ? true : undefined)).catch(() => undefined);
  findings.hold(
    missing().length === 0,
    'a stop loses no message that was confirmed',
    () => `${missing().length} of ${confirmed.messages.length}`,
  );
  await peer.close();
};

/** Stops the server under load, twice: once all clients go when they are told, once none of them does. */
export const drain = async ({ clients, own, deaf, drainSeconds, seed, say }: DrainOptions): Promise<RunResult> => {
  const findings = new Findings();
  const chance = new Chance(seed);
  const folder = dataFolder();
  const server = await FaultServer.on({
    folder: folder.path,
    settings: { AIDEALS_DRAIN_SECONDS: String(drainSeconds) },
  });
  const prober = new Prober(server, findings);
  let isTold = false;
  const onTold = (): void => {
    if (!isTold) void prober.holdNotReady('the first goAway');
    isTold = true;
  };
  const visitors = Array.from(
    { length: clients },
    (_, i) => new Visitor({ name: `visitor${i}`, findings, chance, onTold }),
  );
  const stage = { server, findings, visitors, prober, drainSeconds, confirmed: { ids: [], messages: [] } };
  const owns: ClientFollower[] = [];
  const began = performance.now();
  try {
    await server.start();
    const origin = await endOfLog(server);
    for (const one of visitors) await one.connect(server);
    for (let i = 0; i < own; i += 1) owns.push(new ClientFollower(server, `own${i}`));
    await Promise.all([...owns.map(({ ready }) => ready), ...visitors.map((one) => one.follower.recovered())]);
    say(`${clients + own} clients are connected`);
    const obedient = await stop(stage, 1, true);
    say(`all ${clients} that went when they were told are back`);
    isTold = false;
    const deafPeers = await Promise.all(Array.from({ length: deaf }, (_, i) => Peer.dial(server, `deaf${i}`)));
    for (const peer of deafPeers) peer.pause();
    const staying = await stop(stage, 2, false);
    await Promise.all(deafPeers.map((peer) => peer.terminate()));
    say(`all ${clients} that stayed until they were closed are back`);
    const last = await endOfLog(server);
    const truth = new Truth(await readLog(server, origin));
    await Promise.all(owns.map((one) => one.reached(last)));
    await auditMessages(stage);
    for (const stopped of [obedient, staying]) holdSpread(stopped, findings);
    const ids: readonly string[] = stage.confirmed.ids;
    const missing = ids.filter((id) => !truth.byId.has(id));
    findings.hold(missing.length === 0, 'a stop loses no event that was confirmed', () => `${missing[0]}`);
    for (const { follower } of visitors) auditFollower(follower, truth, findings);
    for (const one of owns) one.audit(truth, findings);
    return {
      findings,
      numbers: [
        `${clients} clients, and ${own} of the project’s own, in ${seconds(performance.now() - began)}; AIDEALS_DRAIN_SECONDS=${drainSeconds}`,
        `confirmed under load: ${count(ids.length)} events and ${count(stage.confirmed.messages.length)} messages; none is missing, and all clients have every event once, in order`,
        line('those who go when told', obedient),
        line(`those who stay, ${deaf} beside them that do not even read`, staying),
        `readyz was 503 ${prober.counts.notReady} times, upgrades were refused ${prober.counts.refused} times, after ${prober.counts.upgrades} were taken`,
      ],
    };
  } finally {
    await Promise.all(owns.map((one) => one.close()));
    await server.kill();
    folder.remove();
  }
};
