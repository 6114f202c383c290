import { type Client, createClient } from '@aideals/client';
import { WebSocket } from 'ws';
import type { Findings } from '../findings.js';
import type { FaultServer } from '../served/server.js';
import { poll } from '../waiting.js';
import type { Truth } from './audit.js';

/** A subscription of the project's own client, which reconnects and resumes by itself. */
export class ClientFollower {
  readonly #client: Client;
  readonly #ids: string[] = [];
  /** Where it was told of a gap, after so many events. */
  readonly #gaps: number[] = [];
  #connects = 0;

  constructor(server: FaultServer) {
    this.#client = createClient({
      url: `${server.url}/ws`,
      token: () => server.token('reader'),
      WebSocket,
      timing: { baseDelay: 20, maxDelay: 200 },
    });
    this.#client.on('connect', () => {
      this.#connects += 1;
    });
    const subscription = this.#client.subscribe({ topic: 'all-deals' }, ({ id }) => this.#ids.push(id));
    subscription.on('gap', () => this.#gaps.push(this.#ids.length));
    this.ready = subscription.ready;
  }

  readonly ready: Promise<void>;

  get counts(): { connects: number; events: number; gaps: number } {
    return { connects: this.#connects, events: this.#ids.length, gaps: this.#gaps.length };
  }

  async reached(id: string): Promise<void> {
    await poll(`the client to come to ${id}`, () => (this.#ids.includes(id) ? true : undefined));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** Each event of the log comes; once and in order between two gaps that it was told of. */
  audit(truth: Truth, findings: Findings): void {
    const seen = new Set(this.#ids);
    const missing = truth.events.filter(({ id }) => !seen.has(id));
    findings.hold(missing.length === 0, 'the client misses nothing', () => `${missing.length}: ${missing[0]?.id}`);
    const bounds = [0, ...this.#gaps, this.#ids.length];
    for (const [i, from] of bounds.slice(0, -1).entries()) {
      const offsets = this.#ids.slice(from, bounds[i + 1]).flatMap((id) => truth.byId.get(id)?.offset ?? []);
      const wrong = offsets.findIndex((offset, at) => at > 0 && offset <= (offsets[at - 1] as number));
      findings.hold(wrong < 0, 'the client hands each event on once, in order', () => `${offsets[wrong]} came again`);
    }
  }
}
