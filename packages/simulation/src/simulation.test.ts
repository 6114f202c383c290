import { describe, expect, it } from 'vitest';
import { mutations } from './mutations/index.js';
import type { Mutation } from './mutations/mutation.js';
import { replayOf } from './report.js';
import { simulate } from './run.js';
import kept from './seeds.json' with { type: 'json' };

/** Longer than any of these takes where nothing else runs: seeds count, not seconds. */
const TIMEOUT_MS = 180_000;
const SEEDS = 300;
const AT_ONCE = 50;
/** A planted bug must show within so many seeds. */
const MOST = 1_000;

const holds = async (seed: number): Promise<void> => {
  const { broken } = await simulate(seed);
  const said = broken && `${broken.law}: ${broken.message} (${replayOf(seed, undefined)})`;
  expect(said).toBeUndefined();
};

/** How many seeds it takes until a planted bug shows, and the law that it broke. */
const caught = async (mutation: Mutation): Promise<{ seeds: number; law: string | undefined }> => {
  for (let seed = 1; seed <= MOST; seed++) {
    const { broken } = await simulate(seed, mutation);
    if (broken !== undefined) return { seeds: seed, law: broken.law };
  }
  return { seeds: MOST, law: undefined };
};

describe('a run', () => {
  it('is the same for the same seed, to the last byte', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const once = JSON.stringify((await simulate(seed)).trace);
      expect(JSON.stringify((await simulate(seed)).trace)).toBe(once);
    }
  });

  it('is another one for another seed', async () => {
    const first = await simulate(1);
    const second = await simulate(2);
    expect(JSON.stringify(first.trace)).not.toBe(JSON.stringify(second.trace));
  });
});

describe('the laws of delivery', { timeout: TIMEOUT_MS }, () => {
  const begins = Array.from({ length: SEEDS / AT_ONCE }, (_, i) => 1 + i * AT_ONCE);

  it.each(begins)(`hold for ${AT_ONCE} seeds from %i`, async (from) => {
    for (let seed = from; seed < from + AT_ONCE; seed++) await holds(seed);
  });

  it.each(kept)('hold for seed $seed, which once broke one: $found', ({ seed }) => holds(seed));
});

describe('the checker finds', { timeout: TIMEOUT_MS }, () => {
  it.each(Object.entries(mutations))('%s', async (_, mutation) => {
    const { law } = await caught(mutation);
    expect(mutation.breaks).toContain(law);
  });
});
