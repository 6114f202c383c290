import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Findings } from '../findings.js';
import { seconds } from '../run.js';
import { dataFolder } from '../served/data-folder.js';
import { FaultServer } from '../served/server.js';
import { poll, within } from '../waiting.js';
import { HttpCaller } from '../wire/http.js';
import { Peer } from '../wire/peer.js';

const COMMAND = fileURLToPath(new URL('../../../cli/bin/aideals.js', import.meta.url));

/** Lower than the defaults (25, 60 and 30), to keep the run short. */
const HEARTBEAT_SECONDS = 0.5;
const GONE_SECONDS = 2;
const STALL_SECONDS = 30;
const LONG_MS = 30_000;
/** For a machine that has other things to do. */
const SLACK_MS = 1_500;

/** How long after the last byte of a peer the server must have found that it is gone, in milliseconds. */
export const goneWithin = (heartbeat: number, gone: number, stall: number): number =>
  1000 * (gone + Math.min(stall, gone) / 8 + 1.1 * Math.min(2, Math.min(heartbeat, gone, stall) / 4));

/** The command that shows events, as a process that can be stopped as if its machine had gone to sleep. */
class Sleeper {
  readonly numbers: number[] = [];
  readonly #child: ChildProcess;

  constructor(server: FaultServer, user: string, topic: string) {
    const args = [COMMAND, 'tail', topic, '--json', '--url', `ws://127.0.0.1:${server.port}/ws`];
    this.#child = spawn(process.execPath, [...args, '--token', server.token(user)], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    createInterface({ input: this.#child.stdout as NonNullable<ChildProcess['stdout']> }).on('line', (line) => {
      this.numbers.push((JSON.parse(line) as { data: { n: number } }).data.n);
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    this.signal('SIGKILL');
    await ended;
  }
}

const connectionsOf = async (http: HttpCaller, user: string): Promise<number> => {
  const { text } = await http.get(`/v1/connections?userId=${user}`);
  return (JSON.parse(text) as { items: unknown[] }).items.length;
};

/** A process that sleeps is found, and when it wakes it has what it missed. Gives how long it took to find it. */
const sleep = async (server: FaultServer, http: HttpCaller, findings: Findings): Promise<number> => {
  let n = 0;
  const publish = async (): Promise<void> => {
    n += 1;
    await http.post('/v1/broadcast', { topic: 'sleeping', data: { n } });
  };
  const sleeper = new Sleeper(server, 'sleeper', 'sleeping');
  try {
    await poll('the sleeper to be connected', async () =>
      (await connectionsOf(http, 'sleeper')) > 0 ? true : undefined,
    );
    await poll('the sleeper to be subscribed', async () => {
      await publish();
      return sleeper.numbers.length > 0 ? true : undefined;
    });
    sleeper.signal('SIGSTOP');
    const began = performance.now();
    for (let i = 0; i < 20; i += 1) await publish();
    const gone = async () => ((await connectionsOf(http, 'sleeper')) === 0 ? true : undefined);
    await poll('the server to find that it sleeps', gone, LONG_MS);
    const took = performance.now() - began;
    const bound = goneWithin(HEARTBEAT_SECONDS, GONE_SECONDS, STALL_SECONDS);
    findings.hold(
      took <= bound + SLACK_MS,
      'a half-open socket is found within the documented time',
      () => `it took ${seconds(took)} of ${seconds(bound)}`,
    );
    for (let i = 0; i < 20; i += 1) await publish();
    sleeper.signal('SIGCONT');
    await poll('the sleeper to have all', () => (sleeper.numbers.at(-1) === n ? true : undefined));
    const first = sleeper.numbers[0] ?? 0;
    const wrong = sleeper.numbers.findIndex((number, i) => number !== first + i);
    findings.hold(
      wrong < 0,
      'who slept gets what was missed, once and in order',
      () => `at ${wrong}: ${sleeper.numbers}`,
    );
    return took;
  } finally {
    await sleeper.end();
  }
};

/** A client that comes back before its old connection was found to be gone takes over, and has what the old one did not read. */
const takeOver = async (server: FaultServer, http: HttpCaller, findings: Findings): Promise<void> => {
  const older = await Peer.dial(server, 'tab', { client: 'one' });
  older.pause();
  const sender = await Peer.dial(server, 'sender');
  const sent = await sender.ask('sendMessage', { recipientId: 'tab', content: 'unread' });
  const came: string[] = [];
  const newer = await Peer.dial(server, 'tab', {
    client: 'one',
    onFrame: ({ type, data }) => type === 'messageReceived' && came.push(String(data['messageId'])),
  });
  await poll('what the older one did not read', () =>
    came.includes(String(sent.data['messageId'])) ? true : undefined,
  );
  findings.hold(
    (await connectionsOf(http, 'tab')) === 1,
    'a client that comes back takes the place of its older connection',
    () => 'both are open',
  );
  older.resume();
  const { code } = await within(LONG_MS, 'the older one to be closed', older.closed);
  findings.hold(code === 4010, 'who is taken over is told so', () => `closed with ${code}`);
  findings.hold(came.length === 1, 'a take-over brings each message once', () => came.join());
  await Promise.all([newer.close(), sender.close()]);
};

/** Peers that are there no more, and do not say so. */
export const halfOpen = async (findings: Findings): Promise<string[]> => {
  const folder = dataFolder();
  const server = await FaultServer.on({
    folder: folder.path,
    settings: {
      AIDEALS_HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS),
      AIDEALS_GONE_SECONDS: String(GONE_SECONDS),
    },
  });
  try {
    await server.start();
    const http = new HttpCaller(server);
    await takeOver(server, http, findings);
    const took = await sleep(server, http, findings);
    http.close();
    const bound = goneWithin(HEARTBEAT_SECONDS, GONE_SECONDS, STALL_SECONDS);
    return [
      `a half-open socket (its process was stopped) was found after ${seconds(took)}, the bound is ${seconds(bound)} ` +
        `(heartbeat ${HEARTBEAT_SECONDS} s, gone ${GONE_SECONDS} s; by default ${seconds(goneWithin(25, 60, 30))}); awake again, it got what it had missed, once`,
      'a client that came back before that took the place of its older connection (4010), and got what that one had not read',
    ];
  } finally {
    await server.kill();
    folder.remove();
  }
};
