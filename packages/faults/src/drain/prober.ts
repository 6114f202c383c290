import { Agent, request } from 'node:http';
import type { Findings } from '../findings.js';
import type { FaultServer } from '../served/server.js';
import { Peer, Refused } from '../wire/peer.js';

/** The status of a plain request on a connection of its own; undefined where there is no answer. */
const statusOf = (server: FaultServer, path: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port: server.port, path, agent: new Agent() }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode));
      answer.once('error', () => resolve(undefined));
    });
    asked.once('error', () => resolve(undefined));
    asked.end();
  });

const upgradeStatus = async (server: FaultServer): Promise<number | undefined> => {
  try {
    const peer = await Peer.dial(server, 'prober');
    await peer.terminate();
    return 101;
  } catch (error) {
    if (error instanceof Refused) return error.status;
    throw error;
  }
};

/** Asks a server that stops how it is, and whether it takes connections, until nobody answers. */
export class Prober {
  readonly counts = { upgrades: 0, refused: 0, notReady: 0 };
  readonly #server: FaultServer;
  readonly #findings: Findings;

  constructor(server: FaultServer, findings: Findings) {
    this.#server = server;
    this.#findings = findings;
  }

  async run(): Promise<void> {
    let hasRefused = false;
    for (;;) {
      const before = await this.readyz();
      const upgrade = await upgradeStatus(this.#server);
      if (upgrade === undefined) return;
      if (upgrade === 101) this.counts.upgrades += 1;
      if (upgrade === 503) this.counts.refused += 1;
      this.#findings.hold(
        upgrade === 101 || upgrade === 503,
        'a server that stops refuses upgrades with 503',
        () => `${upgrade}`,
      );
      this.#findings.hold(
        upgrade !== 101 || (before !== 503 && !hasRefused),
        'readyz fails before connections are refused, and both stay so',
        () => `readyz was ${before}, and then an upgrade ${upgrade}`,
      );
      if (upgrade === 503) await this.holdNotReady('an upgrade was refused');
      hasRefused ||= upgrade === 503;
    }
  }

  /** From now on the server must say that it is not ready. */
  async holdNotReady(since: string): Promise<void> {
    const ready = await this.readyz();
    this.#findings.hold(
      ready !== 200,
      'a server that goes away is not ready',
      () => `readyz was ${ready} after ${since}`,
    );
  }

  async readyz(): Promise<number | undefined> {
    const status = await statusOf(this.#server, '/readyz');
    if (status === 503) this.counts.notReady += 1;
    return status;
  }
}
