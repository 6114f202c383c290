import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.js';
import { Lane } from './lane.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** How a link is: whole, slow, silent (nothing passes, nothing breaks), or cut (connections break, and none comes about). */
export type LinkState = 'whole' | 'slow' | 'silent' | 'cut';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  readonly lanes: readonly [Lane, Lane];
}

/** A TCP link that can be cut, slowed down and silenced while connections are on it. */
export class Link {
  readonly host = '127.0.0.1';
  readonly port: number;
  #state: LinkState = 'whole';
  #delayMs = 0;
  readonly #to: Address;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  private constructor(to: Address, server: Server) {
    this.#to = to;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near) => this.#accept(near));
  }

  /** Listens on a port of the loopback of its own, and carries what comes to the address. */
  static async to(address: Address, port?: number): Promise<Link> {
    // A half that has ended may still read what the other sends.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const at = port ?? (await freePort());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, '127.0.0.1', resolve);
    });
    return new Link(address, server);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** How many connections are on it. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Breaks what is on it; whoever comes is turned away until it is whole again. */
  cut(): void {
    this.#state = 'cut';
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Every byte takes so much longer, each way. */
  slow(ms: number): void {
    this.#set('slow', ms);
  }

  /** Nothing passes; what was sent meanwhile arrives when it is whole again. */
  silence(): void {
    this.#set('silent', Number.POSITIVE_INFINITY);
  }

  mend(): void {
    this.#set('whole', 0);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    await closed;
  }

  #set(state: LinkState, delayMs: number): void {
    this.#state = state;
    this.#delayMs = delayMs;
    for (const { lanes } of this.#pairs) for (const lane of lanes) lane.delay(delayMs);
  }

  #accept(near: Socket): void {
    if (this.#state === 'cut') {
      near.on('error', () => undefined);
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: this.#to.host, port: this.#to.port, allowHalfOpen: true, noDelay: true });
    const pair: Pair = { near, far, lanes: [new Lane(near, far, this.#delayMs), new Lane(far, near, this.#delayMs)] };
    this.#pairs.add(pair);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.resetAndDestroy());
      one.once('close', () => {
        // One that has said all and heard all may close while what it said is still on its way.
        if (!one.readableEnded || !one.writableFinished) other.destroy();
        if (!other.closed) return;
        this.#pairs.delete(pair);
        for (const lane of pair.lanes) lane.stop();
      });
    }
  }
}
