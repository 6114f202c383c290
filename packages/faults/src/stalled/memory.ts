import { Findings } from '../findings.js';
import { count, mebibytes, type RunOptions, type RunResult, seconds } from '../run.js';
import { dataFolder } from '../served/data-folder.js';
import { memoryOf, Watermark } from '../served/memory.js';
import { FaultServer } from '../served/server.js';
import { within } from '../waiting.js';
import { HttpCaller } from '../wire/http.js';
import { boundOf, youngGeneration } from './bound.js';
import { quantile } from './stream.js';
import { Subscriber } from './subscriber.js';

export interface MemoryOptions extends RunOptions {
  /** Connections that do not read, each of which is sent what no other is. */
  readonly connections: number;
}

/** A quarter of the default, to publish less. */
const HARD_BYTES = 262_144;
const SOFT_BYTES = 131_072;
const MESSAGE_BYTES = 65_536;
const FRAME_BYTES = 30_000;
const PER_CALL = 30;
/** Frames of this many bytes for each connection are more than a kernel keeps for it. */
const MOST_ROUNDS = 300;
const ARRIVAL_MS = 10_000;

/** One character that is not of Latin-1 makes a text take two bytes for each of its characters. */
const PAD = `€${'x'.repeat(FRAME_BYTES)}`;

/** Sends each connection frames of its own, one after another, until the first of them is closed past the hard mark. */
const fill = async (
  http: HttpCaller,
  connections: number,
  live: Subscriber,
): Promise<{ readonly rounds: number; readonly arrivals: number[] }> => {
  const arrivals: number[] = [];
  for (let n = 1; n <= MOST_ROUNDS; n += 1) {
    for (let first = 0; first < connections; first += PER_CALL) {
      const size = Math.min(PER_CALL, connections - first);
      // No state of a deal: it cannot be conflated.
      const list = Array.from({ length: size }, (_, i) => ({
        topic: `own-${first + i}`,
        messageType: 'report',
        data: { n, pad: PAD },
      }));
      await http.post('/v1/broadcast', list);
    }
    const sent = performance.now();
    await http.post('/v1/broadcast', { topic: 'live', data: { n, dealId: 'd' } });
    await within(ARRIVAL_MS, 'a reader beside them', live.reached(n));
    arrivals.push(performance.now() - sent);
    if ((await http.metric('aideals_connections')) <= connections) return { rounds: n, arrivals };
  }
  throw new Error('no connection came to its hard mark');
};

/** How much memory connections take that do not read, just before they are closed for it. */
export const memory = async ({ connections, say }: MemoryOptions): Promise<RunResult> => {
  const findings = new Findings();
  const folder = dataFolder();
  const server = await FaultServer.on({
    folder: folder.path,
    settings: {
      ...youngGeneration,
      AIDEALS_OUTBOX_SOFT: String(SOFT_BYTES),
      AIDEALS_OUTBOX_HARD: String(HARD_BYTES),
      AIDEALS_MAX_MESSAGE_BYTES: String(MESSAGE_BYTES),
      AIDEALS_OUTBOX_STALL_SECONDS: '3600',
      AIDEALS_RETENTION_EVENTS: '2000',
    },
  });
  await server.start();
  const http = new HttpCaller(server);
  const began = performance.now();
  const stuck = Array.from({ length: connections }, (_, i) => new Subscriber(`own${i}`, `own-${i}`));
  const live = new Subscriber('live', 'live');
  let watermark: Watermark | undefined;
  try {
    const bare = memoryOf(server.pid);
    await live.connect(server);
    for (const one of stuck) await one.connect(server);
    const base = memoryOf(server.pid);
    say(`${count(connections)} connections: ${mebibytes(base.own - bare.own)} in all, none of them stalled`);
    for (const one of stuck) one.pause();
    watermark = new Watermark(server.pid);
    const { rounds, arrivals } = await fill(http, connections, live);
    const peak = watermark.stop();
    const grown = peak.own - base.own;
    const bound = boundOf(connections, HARD_BYTES);
    findings.hold(
      grown <= bound,
      'the memory of stalled connections is bounded',
      () => `${mebibytes(grown)} of ${mebibytes(bound)}`,
    );
    return {
      findings,
      numbers: [
        `${count(connections)} stalled connections, ${count(rounds)} frames of ${count(FRAME_BYTES)} bytes for each of its own, in ${seconds(performance.now() - began)}`,
        `memory of the server’s own: ${mebibytes(base.own)} before, ${mebibytes(peak.own)} at most: ` +
          `${(grown / connections / HARD_BYTES).toFixed(2)} times the hard mark (${count(HARD_BYTES)} bytes) for each; the bound is ${mebibytes(bound)}`,
        `a reader beside them had what was published within ${quantile(arrivals, 0.5).toFixed(1)} ms in half of the cases, ${quantile(arrivals, 1).toFixed(1)} ms at most`,
      ],
    };
  } finally {
    watermark?.stop();
    await Promise.all([live, ...stuck].map((one) => one.close()));
    http.close();
    await server.kill();
    folder.remove();
  }
};
