import { setTimeout as pause } from 'node:timers/promises';
import type { LocalRedis } from '@aideals/local-cluster';
import { compose, type PublisherOptions } from '../crowd/backend.js';
import type { OpenPublication } from '../crowd/recorder.js';

interface Told {
  readonly publication: OpenPublication;
  readonly at: number;
  /** How many clients of Redis took it. */
  readonly receivers: number;
}

/** Another system: publishes on Redis as the guide's own code does, and is told nothing but how many heard it. */
export class Stranger {
  readonly told: Told[] = [];
  readonly #options: PublisherOptions;
  readonly #redis: LocalRedis;
  #isOver = false;

  constructor(options: PublisherOptions, redis: LocalRedis) {
    this.#options = options;
    this.#redis = redis;
  }

  async run(): Promise<void> {
    const { everyMs, chance } = this.#options;
    for (let number = 1; !this.#isOver; number += 1) {
      const publication = compose(this.#options, number);
      const { topic, tag, shop } = publication;
      const timestamp = Math.floor(Date.now() / 1_000);
      const text = JSON.stringify({ type: 'dealUpdate', data: { tag, shop }, timestamp });
      const receivers = await this.#redis.command('PUBLISH', `aideals:${topic}`, text).catch(() => 0);
      this.told.push({ publication, at: performance.now(), receivers: Number(receivers) });
      await pause(everyMs / 2 + chance.below(everyMs));
    }
  }

  end(): void {
    this.#isOver = true;
  }

  /** What a node heard while all was well must be there, in order. Of anything else nobody was told. */
  settle(wasWell: (at: number) => boolean): number {
    let due = 0;
    for (const { publication, at, receivers } of this.told) {
      if (receivers === 0 || !wasWell(at)) continue;
      publication.outcome = 'confirmed';
      due += 1;
    }
    return due;
  }
}
