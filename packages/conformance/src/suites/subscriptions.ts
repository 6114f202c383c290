import { expect } from 'vitest';
import { errorWith, receivers, str } from '../expectations.js';
import { onTargets } from '../suite.js';

onTargets('subscribeToDeals', {}, (bench, check) => {
  check('[SUB-1] a subscription is confirmed with what was asked', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const filters = { category: ['electronics', 'toys'], minDiscount: 20, free: false };
    expect(await session.ask('subscribeToDeals', { topic, filters })).toMatchObject({
      type: 'subscriptionConfirmed',
      data: {
        subscriptionId: expect.stringMatching(/./),
        topic,
        filters,
        status: 'active',
        lastEventId: expect.stringMatching(/^[A-Za-z0-9]+-\d+$/),
      },
    });
    const bare = await session.ask('subscribeToDeals');
    expect(bare.data).toMatchObject({ topic: 'all-deals', filters: {} });
    expect(bare.data).not.toHaveProperty('recovered');
    expect(bare.data).not.toHaveProperty('lost');
  });

  check('[SUB-2] the same topic with equal filters is the same subscription', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const ask = async (filters?: object) =>
      str(
        await session.ask('subscribeToDeals', { topic, ...(filters === undefined ? {} : { filters }) } as never),
        'subscriptionId',
      );
    const plain = await ask();
    expect(await ask({})).toBe(plain);
    const filtered = await ask({ a: 1, b: 'x' });
    expect(await ask({ b: 'x', a: 1 })).toBe(filtered);
    expect(new Set([plain, filtered, await ask({ a: 1, b: 'X' }), await ask({ a: '1', b: 'x' })]).size).toBe(4);
    expect((await session.ask('getStatus')).data['subscriptions']).toHaveLength(4);
    const other = await bench.openSettled({ user: session.userId });
    const elsewhere = await other.ask('subscribeToDeals', { topic });
    expect(str(elsewhere, 'subscriptionId')).not.toBe(plain);
  });

  check('[SUB-3] a topic receives its own events, and all-deals those of all but price-updates', async () => {
    const topic = bench.topic();
    const own = await bench.openSettled();
    const all = await bench.openSettled();
    const prices = await bench.openSettled();
    await own.ask('subscribeToDeals', { topic });
    await all.ask('subscribeToDeals', {});
    await prices.ask('subscribeToDeals', { topic: 'price-updates' });
    const ids = [
      (await bench.publish(topic, { n: 1 })).id,
      (await bench.publish(bench.topic(), { n: 2 })).id,
      (await bench.publish('all-deals', { n: 3 })).id,
      (await bench.publish('price-updates', { productId: 'p', price: 4 }, { messageType: 'priceUpdate' })).id,
    ];
    const idsOf = (frames: readonly { id?: string | undefined }[]) => frames.map((frame) => frame.id);
    expect(idsOf(await own.untilPong())).toEqual([ids[0]]);
    expect(idsOf(await all.untilPong())).toEqual([ids[0], ids[1], ids[2]]);
    const price = await prices.untilPong();
    expect(idsOf(price)).toEqual([ids[3]]);
    expect(price[0]).toMatchObject({ type: 'priceUpdate', topic: 'price-updates', data: { productId: 'p', price: 4 } });
  });

  check('[SUB-3] topics are told apart to the letter', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    for (const other of [topic.toUpperCase(), `${topic}.a`, topic.slice(0, -1), `${topic}:`]) {
      await bench.publish(other, { n: 1 });
    }
    expect(await session.untilPong()).toEqual([]);
  });

  check('[SUB-4][HTTP-9] one copy of an event comes, however many subscriptions match', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    for (const data of [
      { topic },
      { topic, filters: { a: 1 } },
      { topic, filters: { minB: 2 } },
      {},
      { filters: { a: 1 } },
    ]) {
      await session.ask('subscribeToDeals', data as never);
    }
    expect(await bench.publish(topic, { a: 1, b: 3 })).toMatchObject(receivers(bench, 1));
    expect(await session.untilPong()).toHaveLength(1);
  });

  check('[SUB-6] a subscription ends with its connection', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    await session.close();
    const again = await bench.openSettled({ user: session.userId });
    expect((await again.ask('getStatus')).data['subscriptions']).toEqual([]);
    expect(await bench.publish(topic, { n: 1 })).toMatchObject(receivers(bench, 0));
    expect(await again.untilPong()).toEqual([]);
  });

  check('[SUB-5] the hundred and first subscription of a connection is refused', async () => {
    const session = await bench.openSettled();
    const [first, ...rest] = Array.from({ length: 100 }, () => bench.topic());
    for (const topic of [first, ...rest]) session.send('subscribeToDeals', { topic: topic ?? '' });
    await session.takeMany('subscriptionConfirmed', 100);
    const refused = await session.ask('subscribeToDeals', { topic: bench.topic() });
    expect(refused).toEqual(errorWith('SUBSCRIPTION_ERROR'));
    expect((await session.ask('subscribeToDeals', { topic: first ?? '' })).type).toBe('subscriptionConfirmed');
    await session.ask('unsubscribeFromDeals', { topic: first ?? '' });
    expect((await session.ask('subscribeToDeals', { topic: bench.topic() })).type).toBe('subscriptionConfirmed');
  });
});

onTargets('unsubscribeFromDeals', {}, (bench, check) => {
  check('[UNSUB-1][UNSUB-5] by topic it ends all on that topic, and confirms where there was none', async () => {
    const session = await bench.openSettled();
    const [topic, other] = [bench.topic(), bench.topic()];
    for (const data of [{ topic }, { topic, filters: { a: 1 } }, { topic: other }, {}, { filters: { a: 9 } }]) {
      await session.ask('subscribeToDeals', data as never);
    }
    expect(await session.ask('unsubscribeFromDeals', {})).toMatchObject({
      type: 'unsubscriptionConfirmed',
      data: { topic: 'all-deals' },
    });
    const byTopic = await session.ask('unsubscribeFromDeals', { topic });
    expect(byTopic).toMatchObject({ type: 'unsubscriptionConfirmed', data: { topic } });
    expect(byTopic.data).not.toHaveProperty('subscriptionId');
    expect((await session.ask('unsubscribeFromDeals', { topic })).type).toBe('unsubscriptionConfirmed');
    expect((await session.ask('unsubscribeFromDeals')).data).toEqual({ topic: 'all-deals' });
    expect(await bench.publish(topic, { a: 1 })).toMatchObject(receivers(bench, 0));
    const { id } = await bench.publish(other, { a: 1 });
    expect((await session.untilPong()).map((frame) => frame.id)).toEqual([id]);
  });

  check('[UNSUB-2][UNSUB-5] by subscriptionId it ends that one alone', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const one = await session.ask('subscribeToDeals', { topic, filters: { a: 1 } });
    await session.ask('subscribeToDeals', { topic, filters: { a: 2 } });
    const subscriptionId = str(one, 'subscriptionId');
    expect(await session.ask('unsubscribeFromDeals', { subscriptionId })).toMatchObject({
      type: 'unsubscriptionConfirmed',
      data: { topic, subscriptionId },
    });
    await bench.publish(topic, { a: 1 });
    const { id } = await bench.publish(topic, { a: 2 });
    expect((await session.untilPong()).map((frame) => frame.id)).toEqual([id]);
  });

  check('[UNSUB-3] a subscriptionId that this connection does not have is refused', async () => {
    const session = await bench.openSettled();
    const other = await bench.openSettled({ user: session.userId });
    const topic = bench.topic();
    const theirs = str(await other.ask('subscribeToDeals', { topic }), 'subscriptionId');
    const mine = str(await session.ask('subscribeToDeals', { topic }), 'subscriptionId');
    await session.ask('unsubscribeFromDeals', { subscriptionId: mine });
    for (const subscriptionId of [theirs, mine, 'nothing', '__proto__']) {
      expect(await session.ask('unsubscribeFromDeals', { subscriptionId })).toEqual(errorWith('SUBSCRIPTION_ERROR'));
    }
    expect(await bench.publish(topic, { a: 1 })).toMatchObject(receivers(bench, 1));
    expect(await other.untilPong()).toHaveLength(1);
  });

  check('[UNSUB-4] topic and subscriptionId together are refused', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const subscriptionId = str(await session.ask('subscribeToDeals', { topic }), 'subscriptionId');
    expect(await session.ask('unsubscribeFromDeals', { topic, subscriptionId })).toEqual(errorWith('VALIDATION_ERROR'));
    for (const data of [{ topic: 'a b' }, { topic: 7 }, { subscriptionId: '' }, { subscriptionId: null }]) {
      expect(await session.ask('unsubscribeFromDeals', data), JSON.stringify(data)).toEqual(
        errorWith('VALIDATION_ERROR'),
      );
    }
    expect((await session.ask('getStatus')).data['subscriptions']).toHaveLength(1);
  });
});
