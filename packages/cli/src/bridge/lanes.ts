import type { BridgedEvent } from '@aideals/bus';
import { backoffMillis } from '../publish/backoff.js';
import type { Account } from './account.js';
import type { Post } from './post.js';

export interface LanesOptions {
  readonly post: Post;
  readonly account: Pick<Account, 'published' | 'refused' | 'lost' | 'passing'>;
  /** How long one event is tried, in milliseconds. */
  readonly patienceMillis: number;
  /** Events that wait, at most: after that, who brings more waits. */
  readonly room: number;
  /** Topics that are served side by side. */
  readonly atOnce: number;
  /** Resolves after a time, or when no more time is to be spent. */
  readonly pause: (millis: number) => Promise<void>;
  readonly now: () => number;
  readonly random: () => number;
}

interface Waiting {
  readonly bridged: BridgedEvent;
  /** When it is given up. */
  readonly until: number;
}

/** Publishes events, those of one topic one after another in their order, and topics side by side. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Waiting[]>();
  /** Topics with something to do that nobody serves yet. */
  readonly #ready: string[] = [];
  readonly #waitingForRoom: (() => void)[] = [];
  readonly #waitingForEnd: (() => void)[] = [];
  #serving = 0;
  #count = 0;
  #isOver = false;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Events that were taken and are neither published nor given up. */
  get waiting(): number {
    return this.#count;
  }

  /** Resolves when there is room for all of them. */
  async take(events: readonly BridgedEvent[]): Promise<void> {
    for (const bridged of events) {
      while (this.#count >= this.#options.room && !this.#isOver) {
        await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
      }
      this.#add(bridged);
    }
  }

  /** Resolves when nothing waits. */
  async empty(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#waitingForEnd.push(resolve));
  }

  /** Gives up, after the attempts that are under way, what is still not published. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#wake(this.#waitingForRoom);
    await this.empty();
  }

  #add(bridged: BridgedEvent): void {
    const { topic } = bridged.event;
    const waiting: Waiting = { bridged, until: this.#options.now() + this.#options.patienceMillis };
    this.#count += 1;
    const lane = this.#lanes.get(topic);
    if (lane !== undefined) {
      lane.push(waiting);
      return;
    }
    this.#lanes.set(topic, [waiting]);
    this.#ready.push(topic);
    this.#serve();
  }

  #serve(): void {
    while (this.#serving < this.#options.atOnce) {
      const topic = this.#ready.shift();
      if (topic === undefined) return;
      this.#serving += 1;
      void this.#run(topic);
    }
  }

  async #run(topic: string): Promise<void> {
    const lane = this.#lanes.get(topic) as Waiting[];
    // One at a time, so that a topic with much to do keeps no other from its turn.
    const next = lane.shift();
    if (next !== undefined) await this.#publish(next);
    if (lane.length > 0) this.#ready.push(topic);
    else this.#lanes.delete(topic);
    this.#serving -= 1;
    this.#serve();
  }

  async #publish({ bridged, until }: Waiting): Promise<void> {
    const { post, account, pause, now, random } = this.#options;
    for (let tries = 0; ; tries += 1) {
      if (this.#isOver) {
        account.lost('the bridge was told to end');
        break;
      }
      const posted = await post(bridged);
      if (posted.kind === 'published') account.published(posted.repeated);
      if (posted.kind === 'refused') account.refused(posted.reason);
      if (posted.kind !== 'passing') break;
      const waitMillis = posted.waitMillis + backoffMillis(tries, random);
      if (now() + waitMillis > until) {
        account.lost(posted.reason);
        break;
      }
      account.passing(posted.reason);
      await pause(waitMillis);
    }
    this.#count -= 1;
    this.#wake(this.#waitingForRoom);
    if (this.#count === 0) this.#wake(this.#waitingForEnd);
  }

  #wake(sleepers: (() => void)[]): void {
    for (const wake of sleepers.splice(0)) wake();
  }
}
