import { expect } from 'vitest';
import { offsetOf, str } from '../expectations.js';
import { deals, events, position, replay } from '../replaying.js';
import { onTargets } from '../suite.js';

onTargets('Replays', {}, (bench, check) => {
  check('[LOG-4][LOG-7] what was missed and matches follows in order, then subscriptionRecovered', async () => {
    const topic = bench.topic();
    const start = await position(bench);
    const published = await bench.publishMany(events(topic, 7));
    await bench.publish(bench.topic(), { n: 1, odd: true });
    const session = await bench.openSettled();
    const { confirmed, frames, recovered, subscriptionId } = await replay(session, {
      topic,
      filters: { odd: true },
      lastEventId: start,
    });
    expect(confirmed.data).toMatchObject({ recovered: true });
    const from = str(confirmed, 'lastEventId');
    if (session.resumesEarlier) expect(offsetOf(from)).toBeLessThanOrEqual(offsetOf(start));
    else expect(from).toBe(start);
    expect(confirmed.data).not.toHaveProperty('lost');
    const missed = published.filter((_, n) => n % 2 === 1);
    expect(frames.map((frame) => frame.id)).toEqual(missed.map(({ id }) => id));
    for (const frame of frames) {
      expect(frame).toMatchObject({ type: 'dealUpdate', topic, replay: subscriptionId });
    }
    expect(recovered.data).toMatchObject({ subscriptionId });
    if (!session.resumesEarlier) expect(recovered.data['replayed']).toBe(3);
    expect(offsetOf(str(recovered, 'lastEventId'))).toBeGreaterThanOrEqual(offsetOf(missed.at(-1)?.id));
    const { id } = await bench.publish(topic, { n: 9, odd: true });
    const live = await session.untilPong();
    expect(live.map((frame) => frame.id)).toEqual([id]);
    expect(live[0]).not.toHaveProperty('replay');
  });

  check(
    '[LOG-4] from a place in the middle only what is behind it follows, and nothing where nothing was missed',
    async () => {
      const topic = bench.topic();
      const published = await bench.publishMany(events(topic, 5));
      const session = await bench.openSettled();
      const middle = await replay(session, { topic, lastEventId: published[2]?.id ?? '' });
      expect(middle.ids).toEqual(published.slice(3).map(({ id }) => id));
      const end = await replay(session, { topic, filters: { odd: true }, lastEventId: published[4]?.id ?? '' });
      expect(end.ids).toEqual([]);
      if (!session.resumesEarlier) expect(end.recovered.data['replayed']).toBe(0);
      expect(end.confirmed.data['recovered']).toBe(true);
    },
  );

  check('[LOG-4][SUB-3] a replay of all-deals holds every topic but price-updates', async () => {
    const start = await position(bench);
    const one = await bench.publish(bench.topic(), { n: 1 });
    await bench.publish('price-updates', { productId: 'p', price: 1 }, { messageType: 'priceUpdate' });
    const two = await bench.publish('all-deals', { n: 2 }, { messageType: 'dealGone', filters: { discount: 5 } });
    const session = await bench.openSettled();
    const { frames } = await replay(session, { lastEventId: start });
    expect(frames.map((frame) => [frame.id, frame.type])).toEqual([
      [one.id, 'dealUpdate'],
      [two.id, 'dealGone'],
    ]);
    const filtered = await replay(session, { lastEventId: start, filters: { minDiscount: 5 } });
    expect(filtered.ids).toEqual([two.id]);
  });

  check('[SUB-2][LOG-4] an equal subscription with lastEventId is the same one, and is replayed', async () => {
    const topic = bench.topic();
    const session = await bench.openSettled();
    const first = await session.ask('subscribeToDeals', { topic });
    const published = await bench.publishMany(events(topic, 3));
    await deals(session, 3);
    const again = await replay(session, { topic, lastEventId: str(first, 'lastEventId') });
    expect(again.subscriptionId).toBe(str(first, 'subscriptionId'));
    expect(again.ids).toEqual(published.map(({ id }) => id));
  });

  check(
    '[LOG-5] during a replay no other deal event comes, but answers, messages and notifications do',
    async () => {
      const [topic, other] = [bench.topic(), bench.topic()];
      const start = await position(bench);
      for (let n = 0; n < 6; n += 1) await bench.publishMany(events(topic, 300, n * 300, 'x'.repeat(2000)));
      const session = await bench.openSettled();
      await session.ask('subscribeToDeals', { topic: other });
      const sender = await bench.openSettled();
      const asked = session.send('subscribeToDeals', { topic, lastEventId: start });
      const pinged = session.send('ping');
      const live: string[] = [];
      for (let n = 0; n < 5; n += 1) {
        live.push((await bench.publish(n % 2 === 0 ? topic : other, { live: n })).id);
      }
      await sender.ask('sendMessage', { recipientId: session.userId, content: 'meanwhile' });
      await bench.notify(session.userId);
      const recovered = await session.until(
        () => session.inbox.find((frame) => frame.type === 'subscriptionRecovered'),
        'the end of the replay',
        20_000,
      );
      await session.until(
        () => (session.inbox.some((frame) => frame.id === live.at(-1)) ? true : undefined),
        'the last event',
      );
      const confirmedAt = session.inbox.findIndex((frame) => frame.requestId === asked);
      const recoveredAt = session.inbox.indexOf(recovered);
      const between = session.inbox.slice(confirmedAt + 1, recoveredAt);
      const foreign = between.filter((frame) => frame.id !== undefined && frame.replay === undefined);
      expect(foreign).toEqual([]);
      expect(between.filter((frame) => frame.replay !== undefined)).toHaveLength(Number(recovered.data['replayed']));
      const replayed = new Set(between.map((frame) => frame.id));
      const rest = session.inbox.filter((frame, n) => (n < confirmedAt || n > recoveredAt) && frame.id !== undefined);
      expect(live.filter((id) => !replayed.has(id) && !rest.some((frame) => frame.id === id))).toEqual([]);
      const offsets = rest.map((frame) => offsetOf(frame.id));
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
      await session.answer(pinged);
      await session.take('messageReceived');
      await session.take('notification');
    },
    40_000,
  );

  check(
    '[LOG-5] an answer and a message come in the middle of a long replay',
    async () => {
      const topic = bench.topic();
      const start = await position(bench);
      for (let n = 0; n < 10; n += 1) await bench.publishMany(events(topic, 100, n * 100, 'x'.repeat(8000)));
      const session = await bench.openSettled();
      const sender = await bench.openSettled();
      // Unread, so that what is sent while it waits cannot come too late: the kernel takes half of it at most.
      session.raw.pause();
      session.send('subscribeToDeals', { topic, lastEventId: start });
      const pinged = session.send('ping');
      await sender.ask('sendMessage', { recipientId: session.userId, content: 'meanwhile' });
      session.raw.resume();
      await session.until(
        () => session.inbox.find((frame) => frame.type === 'subscriptionRecovered'),
        'the end',
        20_000,
      );
      const types = session.inbox.map((frame) => (frame.requestId === pinged ? 'pong' : frame.type));
      for (const type of ['pong', 'messageReceived']) {
        expect(types.indexOf(type)).toBeGreaterThanOrEqual(0);
        expect(types.indexOf(type), type).toBeLessThan(types.indexOf('subscriptionRecovered'));
      }
    },
    40_000,
  );

  check('[LOG-2][LOG-6] replays that begin while events pour in leave no gap to the live ones', async () => {
    const [topic, other] = [bench.topic(), bench.topic()];
    let poured = 0;
    const pour = async () => {
      const ids = [];
      for (let n = 0; n < 60; n += 1) {
        const mixed = Array.from({ length: 8 }, (_, k) => ({ topic: k % 2 === 0 ? topic : other, data: { n, k } }));
        const published = await bench.publishMany(mixed);
        ids.push(...published.filter((_, k) => k % 2 === 0).map(({ id }) => id));
      }
      poured += 1;
      return ids;
    };
    const pouring = Promise.all([pour(), pour(), pour()]);
    const readers = [];
    while (poured < 3) {
      const session = await bench.open();
      const from = String((await session.ask('ping')).lastEventId);
      await session.ask('subscribeToDeals', { topic: other, lastEventId: from });
      await session.ask('subscribeToDeals', { topic, lastEventId: from });
      readers.push({ session, from });
    }
    const ids = (await pouring).flat();
    for (const { session, from } of readers) {
      const got = new Set((await session.untilPong()).map((frame) => frame.id));
      const wanted = ids.filter((id) => offsetOf(id) > offsetOf(from));
      expect(wanted.filter((id) => !got.has(id))).toEqual([]);
    }
  });

  check(
    '[LOG-6] a second replay is confirmed at once and follows the first',
    async () => {
      const [topic, second] = [bench.topic(), bench.topic()];
      const start = await position(bench);
      for (let n = 0; n < 10; n += 1) await bench.publishMany(events(topic, 100, n * 100, 'x'.repeat(8000)));
      await bench.publishMany(events(second, 10));
      const session = await bench.openSettled();
      const asked = [
        session.send('subscribeToDeals', { topic, lastEventId: start }),
        session.send('subscribeToDeals', { topic: second, lastEventId: start }),
      ];
      const ends = () => session.inbox.filter((frame) => frame.type === 'subscriptionRecovered');
      await session.until(() => (ends().length === 2 ? true : undefined), 'both replays to end', 20_000);
      const [one, two] = asked.map((id) => session.inbox.findIndex((frame) => frame.requestId === id));
      const [firstId, secondId] = [one, two].map((at) => str(session.inbox[at ?? 0] as never, 'subscriptionId'));
      const endOfFirst = session.inbox.indexOf(ends()[0] as never);
      expect(ends().map((frame) => frame.data['subscriptionId'])).toEqual([firstId, secondId]);
      expect(one).toBeLessThan(two ?? -1);
      expect(two).toBeLessThan(endOfFirst);
      const order = session.inbox.map((frame) => frame.replay).filter((id) => id !== undefined);
      expect(order).toEqual([...Array<unknown>(1000).fill(firstId), ...Array<unknown>(10).fill(secondId)]);
      expect(session.inbox.findIndex((frame) => frame.replay === secondId)).toBeGreaterThan(endOfFirst);
    },
    40_000,
  );
});
