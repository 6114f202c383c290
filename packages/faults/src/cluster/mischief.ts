import { setTimeout as pause } from 'node:timers/promises';
import type { LocalCluster, LocalNode, Member } from '@aideals/local-cluster';
import type { Chance } from '../chance.js';

export interface MischiefOptions {
  readonly cluster: LocalCluster;
  readonly chance: Chance;
  readonly say: (line: string) => void;
  /** Milliseconds of peace between two faults, at most, and of a fault. */
  readonly peaceMs: number;
  readonly mostMs: number;
}

/** What is done for a while: begins, and gives what ends it. */
interface Deed {
  readonly name: string;
  readonly weight: number;
  readonly begin: (at: Scene) => Promise<() => Promise<void>> | (() => Promise<void>);
}

interface Scene {
  readonly cluster: LocalCluster;
  readonly member: Member;
  readonly chance: Chance;
}

const MOST_STARTS = 20;

/** As whoever keeps services running does it: a node that finds what it needs too busy is started again. */
const revive = async (node: LocalNode): Promise<void> => {
  for (let starts = 1; ; starts += 1) {
    try {
      await node.start();
      return;
    } catch (error) {
      if (starts === MOST_STARTS) throw error;
      await pause(1_000);
    }
  }
};

const nothing = async (): Promise<void> => undefined;

const onLink = (service: 'redis' | 'dynamo', how: 'cut' | 'slow' | 'silence', weight: number): Deed => ({
  name: `${how} ${service} for a node`,
  weight,
  begin: ({ member, chance }) => {
    const link = member[service];
    if (how === 'slow') link?.slow(20 + chance.below(300));
    else link?.[how]();
    return async () => link?.mend();
  },
});

const deeds: readonly Deed[] = [
  {
    name: 'kill a node',
    weight: 5,
    begin: async ({ member: { node } }) => {
      await node.kill();
      return () => revive(node);
    },
  },
  {
    name: 'drain a node',
    weight: 2,
    begin: async ({ member: { node } }) => {
      await node.stop();
      return () => revive(node);
    },
  },
  {
    name: 'pause a node',
    weight: 4,
    begin: ({ member: { node } }) => {
      node.pause();
      return async () => node.resume();
    },
  },
  onLink('redis', 'cut', 3),
  onLink('redis', 'slow', 3),
  onLink('redis', 'silence', 3),
  onLink('dynamo', 'cut', 2),
  onLink('dynamo', 'slow', 2),
  onLink('dynamo', 'silence', 2),
  {
    name: 'flush Redis',
    weight: 2,
    begin: async ({ cluster }) => {
      await cluster.services.redis.flush();
      return nothing;
    },
  },
  {
    name: 'restart Redis',
    weight: 2,
    begin: async ({ cluster, chance }) => {
      await (chance.percent(50) ? cluster.services.redis.kill() : cluster.services.redis.stop());
      return () => cluster.services.redis.start();
    },
  },
  {
    name: 'pause Redis',
    weight: 2,
    begin: ({ cluster }) => {
      cluster.services.redis.pause();
      return async () => cluster.services.redis.resume();
    },
  },
  {
    name: 'pause DynamoDB',
    weight: 2,
    begin: ({ cluster }) => {
      cluster.services.dynamo.pause();
      return async () => cluster.services.dynamo.resume();
    },
  },
  {
    name: 'throttle DynamoDB',
    weight: 3,
    begin: ({ cluster, chance }) => {
      cluster.gate?.throttle(0.3 + chance.below(60) / 100);
      return async () => cluster.gate?.throttle(0);
    },
  },
];

const all = deeds.flatMap((deed) => Array.from({ length: deed.weight }, () => deed));

export const DEEDS: readonly string[] = deeds.map(({ name }) => name);

interface Trouble {
  readonly from: number;
  until: number;
}

/** Around a fault, what came of it may still be under way. */
const BEFORE_MS = 1_000;
const AFTER_MS = 5_000;

/** Breaks one thing after the other, and mends each before the next. */
export class Mischief {
  readonly done = new Map<string, number>();
  readonly #options: MischiefOptions;
  readonly #troubles: Trouble[] = [];

  constructor(options: MischiefOptions) {
    this.#options = options;
  }

  /** Until the time is over; every kind comes once before any comes twice. */
  async run(ms: number): Promise<void> {
    const { chance, peaceMs } = this.#options;
    const until = performance.now() + ms;
    const first = [...deeds];
    while (performance.now() < until) {
      await pause(peaceMs / 2 + chance.below(peaceMs / 2));
      const next = first.length > 0 ? (first.splice(chance.below(first.length), 1)[0] as Deed) : chance.pick(all);
      if (performance.now() < until) await this.#do(next);
    }
  }

  /** Whether nothing was broken at that time, shortly before, and shortly after. */
  wasWell(at: number): boolean {
    return !this.#troubles.some(({ from, until }) => at > from - BEFORE_MS && at < until + AFTER_MS);
  }

  async #do({ name, begin }: Deed): Promise<void> {
    const { cluster, chance, say, mostMs } = this.#options;
    const member = chance.pick(cluster.members);
    const ms = Math.floor(mostMs / 8) + chance.below(Math.ceil((mostMs * 7) / 8));
    const trouble: Trouble = { from: performance.now(), until: Number.POSITIVE_INFINITY };
    this.#troubles.push(trouble);
    this.done.set(name, (this.done.get(name) ?? 0) + 1);
    say(`  ${name} (${member.node.name}), ${(ms / 1000).toFixed(1)} s`);
    const end = await begin({ cluster, member, chance });
    await pause(ms);
    await end();
    trouble.until = performance.now();
  }
}
