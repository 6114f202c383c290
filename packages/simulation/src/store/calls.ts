import type { Awaitable } from '@aideals/core';
import type { Profile } from '../profile.js';
import type { Random } from '../random.js';
import type { Scheduler } from '../scheduler.js';

/** What the store says when it cannot. */
export class StoreFault extends Error {
  constructor(port: string, full: boolean) {
    super(full ? `${port}: no space left on device` : `${port}: input/output error`);
    this.name = 'StoreFault';
  }
}

/** The state of the machine that the store runs on; it outlives the server. */
export interface Machine {
  /** Writes fail. */
  full: boolean;
  /** Faults come by chance. */
  faulty: boolean;
  readonly fault: (port: string) => void;
}

/** How calls to ports go in one life of the server: at once or after some steps, and now and then not at all. */
export class Calls {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #profile: Profile;
  readonly #machine: Machine;
  readonly #life: object;

  constructor(scheduler: Scheduler, random: Random, profile: Profile, machine: Machine, life: object) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#profile = profile;
    this.#machine = machine;
    this.#life = life;
  }

  later(run: () => void): void {
    const { stall, wait } = this.#profile;
    const long = stall > 0 && this.#random.chance(stall);
    this.#scheduler.add(run, this.#life, long ? 60 : this.#random.below(wait + 1));
  }

  strike(port: string, writes: boolean): StoreFault | undefined {
    const full = writes && this.#machine.full;
    if (!full && !(this.#machine.faulty && this.#random.chance(this.#profile.faults))) return undefined;
    this.#machine.fault(port);
    return new StoreFault(port, full);
  }

  isAtOnce(): boolean {
    return this.#random.chance(this.#profile.sync);
  }

  /** A call that takes effect at some time before it answers. */
  run<T>(effect: () => T): Awaitable<T> {
    if (this.isAtOnce()) return effect();
    return new Promise((resolve, reject) => {
      this.later(() => {
        let value: T;
        try {
          value = effect();
        } catch (error) {
          reject(error as Error);
          return;
        }
        if (this.#random.chance(0.5)) resolve(value);
        else this.later(() => resolve(value));
      });
    });
  }

  /** The same of a store, which may fail. */
  store<T>(port: string, writes: boolean, effect: () => T): Awaitable<T> {
    const fault = this.strike(port, writes);
    return this.run(() => {
      if (fault !== undefined) throw fault;
      return effect();
    });
  }
}
