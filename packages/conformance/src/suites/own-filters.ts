import { expect } from 'vitest';
import { epochOf, errorWith, offsetOf, str } from '../expectations.js';
import { events } from '../replaying.js';
import { onTargets } from '../suite.js';

onTargets('A preview', {}, (bench, check) => {
  check('[SUB-7] tells how many retained events would have matched, and subscribes to nothing', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const published = await bench.publishMany(events(topic, 10));
    const filters = { odd: true, minN: 3 };
    const ask = (more: object) => session.ask('subscribeToDeals', { topic, filters, preview: true, ...more } as never);
    const previewed = await ask({});
    expect(previewed).toMatchObject({
      type: 'subscriptionPreviewed',
      data: { topic, filters, matched: 4, seen: 10, complete: true },
    });
    expect(offsetOf(str(previewed, 'lastEventId'))).toBeGreaterThanOrEqual(offsetOf(published[9]?.id));
    const rest = (await ask({ lastEventId: published[5]?.id })).data;
    // On serverless it begins where a replay would: before what may still be on its way.
    if (session.resumesEarlier) expect(rest['seen']).toBeGreaterThanOrEqual(4);
    else expect(rest).toMatchObject({ matched: 2, seen: 4, complete: true });
    expect((await ask({ preview: false })).type).toBe('subscriptionConfirmed');
    expect((await session.ask('getStatus')).data['subscriptions']).toHaveLength(1);
  });

  check('[SUB-8] looks at a bounded number of events, and tells up to which', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    for (let n = 0; n < 3; n += 1) await bench.publishMany(events(topic, 1_000, n * 1_000));
    const data = { topic, filters: { odd: true }, preview: true };
    const first = await session.ask('subscribeToDeals', data);
    expect(first.data).toMatchObject({ matched: 1_000, seen: 2_000, complete: false });
    const rest = await session.ask('subscribeToDeals', { ...data, lastEventId: str(first, 'lastEventId') });
    if (session.resumesEarlier) expect(rest.data['seen']).toBeGreaterThanOrEqual(1_000);
    else expect(rest.data).toMatchObject({ matched: 500, seen: 1_000, complete: true });
    const unknown = { ...data, lastEventId: 'never-5' };
    expect((await session.ask('subscribeToDeals', unknown)).data).toMatchObject({ lost: { reason: 'epoch' } });
    expect(await session.ask('subscribeToDeals', { topic, preview: 'yes' } as never)).toEqual(
      errorWith('VALIDATION_ERROR', 'data.preview'),
    );
  });
});

onTargets('updateSubscription', {}, (bench, check) => {
  check(
    '[UPDATE-1][UPDATE-2] changes the filters in place: the former decided up to a position, the new from there',
    async () => {
      const session = await bench.openSettled();
      const topic = bench.topic();
      const subscriptionId = str(
        await session.ask('subscribeToDeals', { topic, filters: { odd: true } }),
        'subscriptionId',
      );
      const before = await bench.publishMany(events(topic, 4));
      expect((await session.untilPong()).map(({ id }) => id)).toEqual([before[1]?.id, before[3]?.id]);
      const updated = await session.ask('updateSubscription', { subscriptionId, filters: { odd: false } });
      expect(updated).toMatchObject({
        type: 'subscriptionUpdated',
        data: { subscriptionId, topic, filters: { odd: false }, status: 'active' },
      });
      expect(updated.data).not.toHaveProperty('ended');
      const position = str(updated, 'lastEventId');
      expect(epochOf(position)).toBe(epochOf(before[3]?.id ?? ''));
      expect(offsetOf(position)).toBeGreaterThanOrEqual(offsetOf(before[3]?.id));
      const after = await bench.publishMany(events(topic, 4, 4));
      expect((await session.untilPong()).map(({ id }) => id)).toEqual([after[0]?.id, after[2]?.id]);
      expect((await session.ask('getStatus')).data['subscriptions']).toEqual([
        { subscriptionId, type: 'deal', topic, filters: { odd: false } },
      ]);
    },
  );

  check('[UPDATE-2] misses and doubles nothing while events come', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const confirmed = await session.ask('subscribeToDeals', { topic, filters: { odd: true } });
    const subscriptionId = str(confirmed, 'subscriptionId');
    const changes = [{ answer: confirmed, asked: 0, answered: performance.now() }];
    const publishing = (async () => {
      const published = [];
      for (let n = 0; n < 40; n += 1) {
        const asked = performance.now();
        published.push({
          ...(await bench.publish(topic, { n, odd: n % 2 === 1 })),
          asked,
          answered: performance.now(),
        });
      }
      return published;
    })();
    for (let n = 0; n < 10; n += 1) {
      const asked = performance.now();
      const answer = await session.ask('updateSubscription', { subscriptionId, filters: { odd: n % 2 === 1 } });
      changes.push({ answer, asked, answered: performance.now() });
    }
    const published = await publishing;
    const wanted = published.filter(({ id }, n) => {
      const last = changes.findLast(({ answer }) => offsetOf(str(answer, 'lastEventId')) < offsetOf(id));
      return last !== undefined && (last.answer.data['filters'] as { odd: boolean }).odd === (n % 2 === 1);
    });
    await session.ask('ping');
    const got = session.inbox.filter(({ type }) => type === 'dealUpdate').map(({ id }) => id);
    const late = (await session.untilPong()).map(({ id }) => id);
    const came = [...new Set([...got, ...late])];
    if (bench.target.kind !== 'serverless') {
      expect(came).toEqual(wanted.map(({ id }) => id));
      return;
    }
    // Those that were published while a change was made are decided by either, and any may overtake another.
    const isCertain = ({ asked, answered }: { asked: number; answered: number }): boolean =>
      !changes.some((change) => change.asked <= answered && asked <= change.answered);
    const certain = new Set(published.filter(isCertain).map(({ id }) => id));
    const sure = (ids: readonly (string | undefined)[]) => ids.filter((id) => certain.has(id ?? '')).toSorted();
    expect(sure(came)).toEqual(sure(wanted.map(({ id }) => id)));
  });

  check('[UPDATE-3] where it makes two equal, the other one stays', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const one = str(await session.ask('subscribeToDeals', { topic, filters: { a: 1 } }), 'subscriptionId');
    const two = str(await session.ask('subscribeToDeals', { topic, filters: { a: [2, 3] } }), 'subscriptionId');
    const updated = await session.ask('updateSubscription', { subscriptionId: one, filters: { a: [3, 2] } });
    expect(updated.data).toMatchObject({ subscriptionId: two, topic, ended: one });
    expect((await session.ask('getStatus')).data['subscriptions']).toMatchObject([{ subscriptionId: two }]);
    const [, , third] = await bench.publishMany([1, 4, 3].map((a) => ({ topic, data: { a } })));
    expect((await session.untilPong()).map(({ id }) => id)).toEqual([third?.id]);
  });

  check(
    '[UPDATE-4] only a subscription of the connection itself is changed, by filters that are well formed',
    async () => {
      const session = await bench.openSettled();
      const other = await bench.openSettled({ user: session.userId });
      const topic = bench.topic();
      const subscriptionId = str(await other.ask('subscribeToDeals', { topic, filters: { a: 1 } }), 'subscriptionId');
      for (const id of [subscriptionId, 'none']) {
        const answer = await session.ask('updateSubscription', { subscriptionId: id, filters: {} });
        expect(answer).toEqual(errorWith('SUBSCRIPTION_ERROR'));
      }
      const wrong = [
        [{ subscriptionId, filters: { minA: 'x' } }, 'data.filters.minA'],
        [{ subscriptionId }, 'data.filters'],
        [{ filters: {} }, 'data.subscriptionId'],
        [{ subscriptionId, filters: {}, topic }, 'data.topic'],
      ] as const;
      for (const [data, path] of wrong) {
        expect(await other.ask('updateSubscription', data as never)).toEqual(errorWith('VALIDATION_ERROR', path));
      }
      expect((await other.ask('getStatus')).data['subscriptions']).toMatchObject([{ filters: { a: 1 } }]);
    },
  );
});

onTargets('explainMatch', {}, (bench, check) => {
  const deal = { brand: 'A', price: 10, title: 'Sony WH-1000XM5' };

  check('[EXPLAIN-1] tells of each own subscription whether an event would reach it', async () => {
    const session = await bench.openSettled();
    const stranger = await bench.openSettled();
    const topic = bench.topic();
    await stranger.ask('subscribeToDeals', { topic });
    const ids: string[] = [];
    for (const [on, filters] of [
      [topic, { keywords: 'wh1000xm5', maxPrice: 10 }],
      ['all-deals', { brand: ['A', 'B'] }],
      [topic, { brand: 'B', minPrice: 20 }],
      ['price-updates', {}],
    ] as const) {
      ids.push(str(await session.ask('subscribeToDeals', { topic: on, filters } as never), 'subscriptionId'));
    }
    const explained = await session.ask('explainMatch', { data: deal, topic } as never);
    expect(explained).toMatchObject({
      type: 'matchExplained',
      data: {
        items: [
          { subscriptionId: ids[0], topic, isOnTopic: true, matches: true, failed: [] },
          { subscriptionId: ids[1], topic: 'all-deals', isOnTopic: true, matches: true, failed: [] },
          { subscriptionId: ids[2], isOnTopic: true, matches: false, failed: [{ filter: 'brand' }] },
          { subscriptionId: ids[3], topic: 'price-updates', isOnTopic: false, matches: false, failed: [] },
        ],
      },
    });
    const overlaid = await session.ask('explainMatch', {
      data: deal,
      topic,
      filters: { brand: 'B', price: 20 },
    } as never);
    const matching = (overlaid.data['items'] as { matches: boolean }[]).map(({ matches }) => matches);
    expect(matching).toEqual([false, true, true, false]);
    await bench.publish(topic, deal);
    expect(await session.untilPong()).toHaveLength(1);
  });

  check('[EXPLAIN-2] tells of the one that is named every filter that does not hold, and why', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const filters = { brand: 'B', keywords: 'camera', maxPrice: 5, minDiscount: 1 };
    const subscriptionId = str(await session.ask('subscribeToDeals', { topic, filters }), 'subscriptionId');
    await session.ask('subscribeToDeals', { topic });
    const explained = await session.ask('explainMatch', { subscriptionId, data: deal, topic } as never);
    const reason = expect.stringMatching(/./);
    expect(explained.data['items']).toEqual([
      {
        subscriptionId,
        topic,
        isOnTopic: true,
        matches: false,
        failed: Object.keys(filters).map((filter) => ({ filter, reason })),
      },
    ]);
  });

  check('[EXPLAIN-3] a subscription of another connection is a SUBSCRIPTION_ERROR', async () => {
    const session = await bench.openSettled();
    const other = await bench.openSettled({ user: session.userId });
    const subscriptionId = str(await other.ask('subscribeToDeals', {}), 'subscriptionId');
    for (const id of [subscriptionId, 'none']) {
      const answer = await session.ask('explainMatch', { subscriptionId: id, data: {} });
      expect(answer).toEqual(errorWith('SUBSCRIPTION_ERROR'));
    }
    expect(await session.ask('explainMatch', {} as never)).toEqual(errorWith('VALIDATION_ERROR', 'data.data'));
  });

  check('[HTTP-18] a user’s token has it explained over HTTP, for the user’s own subscriptions', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const subscriptionId = str(
      await session.ask('subscribeToDeals', { topic, filters: { brand: 'B' } }),
      'subscriptionId',
    );
    const ask = (user: string, more: object = {}) =>
      bench.call('POST', '/v1/explain-match', { token: bench.token(user), body: { data: deal, topic, ...more } });
    const own = await ask(session.userId);
    expect(own.status, own.text).toBe(200);
    const { items } = own.json as { items: object[] };
    // One node of several knows its own connections alone.
    if (bench.target.nodes === 1 || items.length > 0) {
      expect(items).toEqual([
        {
          connectionId: (await session.ask('getStatus')).data['connectionId'],
          subscriptionId,
          topic,
          isOnTopic: true,
          matches: false,
          failed: [{ filter: 'brand', reason: expect.any(String) }],
        },
      ]);
    }
    expect((await ask(bench.user())).json).toEqual({ items: [] });
    expect((await ask(bench.user(), { subscriptionId })).json).toEqual(errorWith('SUBSCRIPTION_ERROR'));
    expect((await bench.call('POST', '/v1/explain-match', { token: undefined, body: { data: {} } })).status).toBe(401);
  });
});
