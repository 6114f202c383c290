import { expect } from 'vitest';
import { epochOf, errorWith, offsetOf, str } from '../expectations.js';
import { deals, events, position, replay } from '../replaying.js';
import { onTargets } from '../suite.js';

onTargets('The log', {}, (bench, check) => {
  check('[LOG-1] ids grow by one over all topics', async () => {
    const start = await position(bench);
    const ids = [];
    for (const topic of [bench.topic(), bench.topic(), 'all-deals', 'price-updates']) {
      ids.push((await bench.publish(topic, {})).id);
    }
    expect(ids.map(offsetOf)).toEqual([1, 2, 3, 4].map((n) => offsetOf(start) + n));
    expect(new Set(ids.map(epochOf))).toEqual(new Set([epochOf(start)]));
  });

  check('[LOG-2] from the confirmed position on every event comes', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await bench.publish(topic, { n: 0 });
    const confirmed = await session.ask('subscribeToDeals', { topic });
    const { id } = await bench.publish(topic, { n: 1 });
    expect(offsetOf(id)).toBe(offsetOf(str(confirmed, 'lastEventId')) + 1);
    expect((await deals(session, 1)).map((frame) => frame.id)).toEqual([id]);
    expect(await session.untilPong()).toEqual([]);
  });

  check('[LOG-2] a subscription made while events pour in has no gap behind its position', async () => {
    const topic = bench.topic();
    const pouring = (async () => {
      const ids = [];
      for (let n = 0; n < 40; n += 1)
        ids.push(...(await bench.publishMany(events(topic, 5, n * 5))).map(({ id }) => id));
      return ids;
    })();
    const sessions = [];
    for (let n = 0; n < 10; n += 1) {
      const session = await bench.open();
      sessions.push({ session, from: str(await session.ask('subscribeToDeals', { topic }), 'lastEventId') });
    }
    const ids = await pouring;
    for (const { session, from } of sessions) {
      const expected = ids.filter((id) => offsetOf(id) > offsetOf(from));
      const came = (await session.untilPong()).map(({ id }) => id ?? '');
      // What was on its way at the time may come as well.
      expect(session.resumesEarlier ? came.filter((id) => offsetOf(id) > offsetOf(from)) : came).toEqual(expected);
    }
  });

  check('[LOG-3] events of a publisher that awaits each answer come in that order', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    await session.ask('subscribeToDeals', {});
    const ids = new Set<string | undefined>();
    for (let n = 0; n < 30; n += 1) ids.add((await bench.publish(n % 3 === 0 ? bench.topic() : topic, { n })).id);
    const own = (await session.untilPong()).filter((frame) => ids.has(frame.id));
    expect(own.map((frame) => frame.data['n'])).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  check('[LOG-3] events of many publishers come in growing order of their ids', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    await Promise.all(Array.from({ length: 20 }, (_, n) => bench.publishMany(events(topic, 10, n * 10))));
    const offsets = (await session.untilPong()).map((frame) => offsetOf(frame.id));
    expect(offsets).toHaveLength(200);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  });

  check(
    '[LOG-7][LOG-8] an id of another epoch is told as lost, and what is there is replayed all the same',
    async () => {
      const topic = bench.topic();
      const published = await bench.publishMany(events(topic, 3));
      const session = await bench.openSettled();
      const { confirmed, ids } = await replay(session, { topic, lastEventId: 'neverseen-1' });
      expect(confirmed.data).toMatchObject({ recovered: false, lost: { reason: 'epoch', oldest: expect.any(String) } });
      const oldest = (confirmed.data['lost'] as { oldest: string }).oldest;
      expect(offsetOf(oldest)).toBeLessThanOrEqual(offsetOf(published[0]?.id));
      expect(ids).toEqual(published.map(({ id }) => id));
      const live = await bench.publish(topic, { n: 4 });
      expect((await session.untilPong()).map((frame) => frame.id)).toEqual([live.id]);
    },
  );

  check('[LOG-7][LOG-9] an id ahead of the log is told as unknown', async () => {
    const topic = bench.topic();
    const published = await bench.publishMany(events(topic, 3));
    const last = published[2]?.id ?? '';
    const session = await bench.openSettled();
    for (const ahead of [offsetOf(last) + 1, offsetOf(last) + 1000, 9_000_000_000_000_000]) {
      const lastEventId = `${epochOf(last)}-${ahead}`;
      const { confirmed, ids } = await replay(session, { topic, lastEventId });
      expect(confirmed.data, lastEventId).toMatchObject({ recovered: false, lost: { reason: 'unknown' } });
      expect(ids).toEqual(published.map(({ id }) => id));
    }
  });

  check('[LOG-11] a malformed lastEventId is refused', async () => {
    const session = await bench.openSettled();
    const good = await position(bench);
    const wrong = [
      '',
      'x',
      '-',
      `${good}x`,
      `${epochOf(good)}-`,
      `${epochOf(good)}--1`,
      `${epochOf(good)}-01`,
      '-1',
      'a b-1',
    ];
    for (const lastEventId of [...wrong, `${epochOf(good)}-1.5`, 7, null, {}, `x-${'9'.repeat(30)}`]) {
      expect(await session.ask('subscribeToDeals', { lastEventId }), JSON.stringify(lastEventId)).toEqual(
        errorWith('VALIDATION_ERROR', 'data.lastEventId'),
      );
    }
    expect((await session.ask('getStatus')).data['subscriptions']).toEqual([]);
  });
});
