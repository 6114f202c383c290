import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from '../chance.js';
import type { Guest } from '../crowd/guest.js';
import type { Deployment } from './deployment.js';

interface Scene {
  readonly deployment: Deployment;
  readonly guests: readonly Guest[];
  readonly chance: Chance;
}

interface Deed {
  readonly name: string;
  /** Begins it, and gives what ends it. */
  readonly begin: (at: Scene) => Promise<() => void> | (() => void);
}

type Rate = 'refusedCalls' | 'lostDisconnects' | 'lateDisconnects' | 'duplicateEvents' | 'coldStarts';

const nothing = (): void => undefined;

const atRate = (name: string, rate: Rate, share: number): Deed => ({
  name,
  begin: ({ deployment: { gateway } }) => {
    const { rates } = gateway.disorder;
    rates[rate] = share;
    return () => {
      rates[rate] = 0;
    };
  },
});

const toStore = (name: string, how: 'cut' | 'slow' | 'silence'): Deed => ({
  name,
  begin: ({ deployment, chance }) => {
    const { store } = deployment.links;
    if (how === 'slow') store.slow(20 + chance.below(200));
    else store[how]();
    return () => store.mend();
  },
});

const deeds: readonly Deed[] = [
  atRate('429 for half of the calls to connections', 'refusedCalls', 0.5),
  atRate('lose every $disconnect', 'lostDisconnects', 1),
  atRate('tell of $disconnect late', 'lateDisconnects', 1),
  atRate('run events twice', 'duplicateEvents', 1),
  atRate('start each invocation cold', 'coldStarts', 0.7),
  {
    name: 'end all instances that wait',
    begin: ({ deployment }) => {
      deployment.gateway.lambda.reload();
      return nothing;
    },
  },
  {
    name: 'end instances in mid-air',
    begin: ({ deployment: { mortality } }) => {
      mortality.begin();
      return () => mortality.end();
    },
  },
  {
    name: 'a quota of 30 calls a second',
    begin: ({ deployment: { gateway } }) => {
      gateway.quota.set({ perSecond: 30, burst: 5 });
      return () => gateway.quota.set({ perSecond: 10_000, burst: 5_000 });
    },
  },
  toStore('cut the way to DynamoDB', 'cut'),
  toStore('slow the way to DynamoDB', 'slow'),
  toStore('silence the way to DynamoDB', 'silence'),
  {
    name: 'throttle DynamoDB',
    begin: ({ deployment, chance }) => {
      deployment.gate.throttle(0.2 + chance.below(50) / 100);
      return () => deployment.gate.throttle(0);
    },
  },
  {
    name: 'cut all clients off',
    begin: ({ deployment }) => {
      deployment.links.clients.cut();
      return () => deployment.links.clients.mend();
    },
  },
  {
    name: 'break a third of the connections',
    begin: async ({ guests, chance }) => {
      await Promise.all(guests.filter(() => chance.percent(33)).map((guest) => guest.break()));
      return nothing;
    },
  },
];

export const DEEDS: readonly string[] = deeds.map(({ name }) => name);

export interface MischiefOptions extends Scene {
  readonly say: (line: string) => void;
  /** Milliseconds of peace between two faults, at most, and of a fault. */
  readonly peaceMs: number;
  readonly mostMs: number;
}

/** Breaks one thing after the other; every kind comes once before any comes twice. */
export const breakThings = async (options: MischiefOptions, ms: number): Promise<ReadonlyMap<string, number>> => {
  const { chance, peaceMs, mostMs, say } = options;
  const done = new Map<string, number>();
  const until = performance.now() + ms;
  const first = [...deeds];
  while (performance.now() < until) {
    await pause(peaceMs / 2 + chance.below(peaceMs / 2));
    const next = first.length > 0 ? (first.splice(chance.below(first.length), 1)[0] as Deed) : chance.pick(deeds);
    const lasts = Math.floor(mostMs / 8) + chance.below(Math.ceil((mostMs * 7) / 8));
    done.set(next.name, (done.get(next.name) ?? 0) + 1);
    say(`  ${next.name}, ${(lasts / 1000).toFixed(1)} s`);
    const end = await next.begin(options);
    await pause(lasts);
    end();
  }
  return done;
};
