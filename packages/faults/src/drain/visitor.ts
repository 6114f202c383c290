import { setTimeout as pause } from 'node:timers/promises';
import type { ServerFrame } from '@aideals/protocol';
import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import { Follower } from '../readers/follower.js';
import type { FaultServer } from '../served/server.js';
import { Signal } from '../waiting.js';
import { Disconnected, Refused } from '../wire/peer.js';

/** What a client was told of a server that goes away, and when. */
export interface Told {
  /** Monotonic milliseconds, as all times here. */
  readonly at: number;
  readonly afterMs: number;
  readonly spreadMs: number;
}

export interface VisitorOptions {
  readonly name: string;
  readonly findings: Findings;
  readonly chance: Chance;
  /** Called with each `goAway`. */
  readonly onTold: () => void;
}

const AGAIN_MS = 250;

/** A client that does as `goAway` says: ends what it has begun, closes, and comes back after its own delay. */
export class Visitor {
  readonly follower: Follower;
  readonly name: string;
  /** In the present connection, and in the one before. */
  told: Told | undefined;
  lastTold: Told | undefined;
  closeCode: number | undefined;
  /** When it first tried to come back. */
  dialledAt = 0;
  readonly #chance: Chance;
  readonly #findings: Findings;
  #leaving = new Signal();
  #refused = 0;

  constructor({ name, findings, chance, onTold }: VisitorOptions) {
    this.name = name;
    this.#chance = chance;
    this.#findings = findings;
    this.follower = new Follower({
      name,
      topic: 'all-deals',
      filters: {},
      matches: () => true,
      findings,
      chance,
      onFrame: (frame) => {
        if (frame.type !== 'goAway') return;
        this.#goAway(frame);
        onTold();
      },
    });
  }

  connect(server: FaultServer): Promise<void> {
    this.told = undefined;
    this.#leaving = new Signal();
    return this.follower.connect(server);
  }

  /** Sends until the server goes away, one message after the other; gives the ids of those that were confirmed. */
  async chat(to: string): Promise<string[]> {
    const confirmed: string[] = [];
    for (let n = 1; !this.#leaving.isDone && this.follower.peer.isOpen; n += 1) {
      const answer = await this.follower.peer
        .ask('sendMessage', { recipientId: to, content: `${this.name}:${n}`, clientMessageId: `${n}` })
        .catch((error: unknown) => {
          if (error instanceof Disconnected) return undefined;
          throw error;
        });
      if (answer === undefined) break;
      if (answer.type === 'messageSent') confirmed.push(String(answer.data['messageId']));
      else this.#findings.broken('what is refused while draining is refused for that', JSON.stringify(answer.data));
    }
    return confirmed;
  }

  /** Resolves when it is back. `isObedient`: it closes when it is told to; else the server has to. */
  async leaveAndReturn(server: FaultServer, isObedient: boolean): Promise<void> {
    const { peer } = this.follower;
    await Promise.race([this.#leaving.promise, peer.closed]);
    if (isObedient && this.told !== undefined) {
      while (peer.isOpen && peer.inFlight > 0) await pause(1);
      void peer.close();
    }
    const { code } = await peer.closed;
    this.closeCode = code;
    this.#findings.hold(this.told !== undefined, 'who is sent away is told so before', () => `${this.name}: ${code}`);
    const { afterMs = 0, spreadMs = 0, at = 0 } = this.told ?? {};
    // Who did not go by itself counts from the close.
    const from = isObedient ? at : performance.now();
    const wait = afterMs + (this.#chance.below(1_000) / 1_000) * spreadMs;
    await pause(Math.max(0, from + wait - performance.now()));
    this.dialledAt = performance.now();
    this.lastTold = this.told;
    await this.#dial(server);
  }

  /** How often it was turned away since this was last asked. */
  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }

  async #dial(server: FaultServer): Promise<void> {
    for (;;) {
      try {
        await this.connect(server);
        return;
      } catch (error) {
        if (!(error instanceof Refused) || (error.status !== undefined && error.status !== 503)) throw error;
        this.#refused += 1;
        await pause(AGAIN_MS + this.#chance.below(AGAIN_MS));
      }
    }
  }

  #goAway({ data }: ServerFrame): void {
    this.told = { at: performance.now(), afterMs: Number(data['afterMs']), spreadMs: Number(data['spreadMs']) };
    this.#leaving.done();
  }
}
