import type { JsonObject } from '@aideals/protocol';
import { expect } from 'vitest';
import type { Bench } from '../bench.js';
import { poll } from '../poll.js';
import { Cursor, random } from '../resuming-reader.js';
import { onTargets } from '../suite.js';

type Next = (below: number) => number;

interface Poured {
  readonly id: string;
  readonly topic: string;
  readonly price: number;
}

/** Publishes a list until it is confirmed: the key makes that safe, whatever happens to the server. */
const publishSafely = async (bench: Bench, key: string, events: readonly JsonObject[]): Promise<string[]> => {
  const headers = { 'idempotency-key': key };
  const answer = await poll(
    async () => {
      const tried = await bench.call('POST', '/v1/broadcast', { body: events, headers }).catch(() => undefined);
      return tried?.status === 200 ? tried : undefined;
    },
    'a publish to be confirmed',
    30_000,
  );
  return (answer.json as { id: string }[]).map(({ id }) => id);
};

/** Publishes events in lists of any size, then one that ends each topic. */
const pour = async (bench: Bench, topics: readonly [string, string], count: number, next: Next): Promise<Poured[]> => {
  const poured: Poured[] = [];
  const publish = async (events: { topic: string; price: number }[], last = false) => {
    const bodies = events.map(({ topic, price }, k) => ({ topic, data: { n: poured.length + k, price, last } }));
    const ids = await publishSafely(bench, `${topics[0]}-${poured.length}`, bodies);
    poured.push(...events.map((event, k) => ({ ...event, id: ids[k] ?? '' })));
  };
  while (poured.length < count) {
    const event = () => ({ topic: topics[next(2)] ?? topics[0], price: next(100) });
    await publish(Array.from({ length: 1 + next(12) }, event));
  }
  await publish(
    topics.map((topic) => ({ topic, price: 100 })),
    true,
  );
  return poured;
};

/** Reads on connections that break after some frames, and resumes, until the last event of each topic has come. Gives the ids under which each number came, and why a gap was told as not covered. */
const readAll = async (bench: Bench, cursors: readonly Cursor[], next: Next) => {
  const got = new Map<unknown, Set<string>>();
  const losses = new Set<unknown>();
  const ended = new Set<unknown>();
  const user = bench.user();
  // Where live events may overtake a replay, the last one is not the end of it.
  const isOver = (): boolean =>
    ended.size === cursors.length &&
    (bench.target.kind !== 'serverless' || !cursors.some(({ isReplaying }) => isReplaying));
  while (!isOver()) {
    const session = await poll(() => bench.open({ user }).catch(() => undefined), 'a connection', 30_000);
    try {
      for (const cursor of cursors) {
        const lost = (await cursor.subscribe(session)).data['lost'] as { reason: string } | undefined;
        if (lost !== undefined) losses.add(lost.reason);
      }
      for (let frames = 5 + next(80); frames > 0 && !isOver(); frames -= 1) {
        if (next(10) === 0) session.send('ping');
        const frame = await session.next();
        for (const cursor of cursors) cursor.follow(frame);
        if (frame.id === undefined) continue;
        const { n, last } = frame.data;
        got.set(n, (got.get(n) ?? new Set()).add(frame.id));
        if (last === true) ended.add(frame.topic);
      }
    } catch (error) {
      // A broken link is what this is about; anything else is not.
      if (!session.raw.ended) throw error;
    }
    session.raw.destroy();
    await session.raw.closed;
  }
  return { got, losses: [...losses] };
};

const run = async (bench: Bench, seed: number, count: number, kills: number): Promise<void> => {
  const topics = [bench.topic(), bench.topic()] as const;
  const cursors = [new Cursor({ topic: topics[0], filters: { minPrice: 50 } }), new Cursor({ topic: topics[1] })];
  const first = await bench.open();
  for (const cursor of cursors) await cursor.subscribe(first);
  first.raw.destroy();
  const killing = (async () => {
    for (let n = 0; n < kills; n += 1) await bench.restart('SIGKILL');
  })();
  const [poured, { got, losses }] = await Promise.all([
    pour(bench, topics, count, random(seed)),
    readAll(bench, cursors, random(seed + 1)),
    killing,
  ]);
  const wanted = poured.flatMap((event, n) =>
    event.topic === topics[1] || event.price >= 50 ? [{ n, id: event.id }] : [],
  );
  const missed = wanted.filter(({ n, id }) => !got.get(n)?.has(id));
  expect(missed, `seed ${seed}: missed`).toEqual([]);
  expect(got.size, `seed ${seed}: came though it was not asked for`).toBe(wanted.length);
  expect(losses).toEqual([]);
  const twice = [...got].filter(([, ids]) => ids.size > 1);
  expect(twice, `seed ${seed}: logged twice`).toEqual([]);
};

onTargets('Resuming', { env: {} }, (bench, check) => {
  for (const seed of [1, 2, 3]) {
    check(`[LOG-13] a reader whose connection breaks again and again misses nothing (seed ${seed})`, () =>
      run(bench, seed, 400, 0),
    );
  }

  check(
    '[LOG-13][LOG-12][HTTP-6] nor does it where the server is killed while events pour in',
    () => run(bench, 7, 400, 2),
    60_000,
  );
});
