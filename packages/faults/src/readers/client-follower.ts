import { type Client, createClient } from '@aideals/client';
import { WebSocket } from 'ws';
import type { Findings } from '../findings.js';
import type { FaultServer } from '../served/server.js';
import { poll } from '../waiting.js';
import type { Truth } from './truth.js';

/** A subscription of the project's own client, which reconnects and resumes by itself. */
export class ClientFollower {
  readonly #client: Client;
  readonly #ids: string[] = [];
  /** Settles when the subscription is confirmed for the first time. */
  readonly ready: Promise<void>;
  #connects = 0;
  #gaps = 0;

  constructor(server: FaultServer, user: string) {
    this.#client = createClient({
      url: `${server.url}/ws`,
      token: () => server.token(user),
      WebSocket,
      timing: { baseDelay: 20, maxDelay: 200 },
    });
    this.#client.on('connect', () => {
      this.#connects += 1;
    });
    const subscription = this.#client.subscribe({ topic: 'all-deals' }, ({ id }) => this.#ids.push(id));
    subscription.on('gap', () => {
      this.#gaps += 1;
    });
    this.ready = subscription.ready;
  }

  get counts(): { connects: number; events: number } {
    return { connects: this.#connects, events: this.#ids.length };
  }

  async reached(id: string): Promise<void> {
    await poll(`the client to come to ${id}`, () => (this.#ids.includes(id) ? true : undefined));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** Each event of the log is handed on once, in order, and no gap is told. */
  audit(truth: Truth, findings: Findings): void {
    findings.hold(this.#gaps === 0, 'a client is told of no gap', () => `${this.#gaps} gaps`);
    const from = this.#ids[0] === undefined ? 0 : (truth.byId.get(this.#ids[0])?.offset ?? 0) - 1;
    const expected = truth.between(from, truth.end);
    const wrong = expected.findIndex(({ id }, i) => this.#ids[i] !== id);
    findings.hold(
      wrong < 0 && this.#ids.length === expected.length,
      'a client hands each event on once, in order',
      () => `${this.#ids.length} for ${expected.length}; at ${wrong} ${this.#ids[wrong]} for ${expected[wrong]?.id}`,
    );
  }
}
