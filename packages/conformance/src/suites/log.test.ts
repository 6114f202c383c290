import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freshFolder } from '../embedded.js';
import { poll } from '../poll.js';
import { Session } from '../session.js';
import { type Bench, epochOf, errorWith, offsetOf, onTargets, str } from '../suite.js';
import { tokenFor } from '../tokens.js';

const events = (topic: string, count: number, from = 0, pad = '') =>
  Array.from({ length: count }, (_, n) => ({ topic, data: { n: from + n, odd: (from + n) % 2 === 1, pad } }));

const deals = (session: Session, count: number) => session.takeMany((frame) => frame.type === 'dealUpdate', count);

/** Subscribes and takes the replay: its confirmation, its frames and its end. */
const replay = async (session: Session, data: Record<string, string | object>) => {
  const confirmed = await session.ask('subscribeToDeals', data as never);
  expect(confirmed.type, JSON.stringify(confirmed.data)).toBe('subscriptionConfirmed');
  const subscriptionId = str(confirmed, 'subscriptionId');
  const recovered = await session.take(
    (frame) => frame.type === 'subscriptionRecovered' && frame.data['subscriptionId'] === subscriptionId,
  );
  const frames = session.inbox.filter((frame) => frame.replay === subscriptionId);
  for (const frame of frames) session.inbox.splice(session.inbox.indexOf(frame), 1);
  return { confirmed, subscriptionId, frames, recovered, ids: frames.map((frame) => frame.id) };
};

/** The position of the log now. */
const position = async (bench: Bench): Promise<string> => {
  const session = await bench.open();
  return str(await session.ask('subscribeToDeals', { topic: bench.topic() }), 'lastEventId');
};

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
      expect((await session.untilPong()).map((frame) => frame.id)).toEqual(expected);
    }
  });

  check('[LOG-3] events of a publisher that awaits each answer come in that order', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    await session.ask('subscribeToDeals', {});
    for (let n = 0; n < 30; n += 1) await bench.publish(n % 3 === 0 ? bench.topic() : topic, { n });
    const frames = await session.untilPong();
    expect(frames.map((frame) => frame.data['n'])).toEqual(Array.from({ length: 30 }, (_, n) => n));
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
    expect(confirmed.data).toMatchObject({ lastEventId: start, recovered: true });
    expect(confirmed.data).not.toHaveProperty('lost');
    const missed = published.filter((_, n) => n % 2 === 1);
    expect(frames.map((frame) => frame.id)).toEqual(missed.map(({ id }) => id));
    for (const frame of frames) {
      expect(frame).toMatchObject({ type: 'dealUpdate', topic, replay: subscriptionId });
    }
    expect(recovered.data).toMatchObject({ subscriptionId, replayed: 3 });
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
      expect(end.recovered.data['replayed']).toBe(0);
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
      session.send('subscribeToDeals', { topic, lastEventId: start });
      const pinged = session.send('ping');
      sender.send('sendMessage', { recipientId: session.userId, content: 'meanwhile' });
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

onTargets('The log across a restart', { env: {} }, (bench, check) => {
  check('[LOG-12][HTTP-8] what was confirmed survives a kill, and an id from before it resumes', async () => {
    const topic = bench.topic();
    const start = await position(bench);
    const published = await bench.publishMany(events(topic, 50));
    for (let n = 50; n < 60; n += 1) published.push(await bench.publish(topic, { n }));
    await bench.restart('SIGKILL');
    const after = await bench.publish(topic, { n: 60 });
    expect(offsetOf(after.id)).toBe(offsetOf(published.at(-1)?.id) + 1);
    const session = await bench.openSettled();
    const { confirmed, ids } = await replay(session, { topic, lastEventId: start });
    expect(confirmed.data).toMatchObject({ recovered: true, lastEventId: start });
    expect(ids).toEqual([...published, after].map(({ id }) => id));
    const middle = await replay(session, { topic, lastEventId: published[30]?.id ?? '', filters: {} });
    expect(middle.ids).toHaveLength(30);
  });

  check(
    '[LOG-8][LOG-12] after a clean stop the same, and an id past the end of the earlier epoch is lost',
    async () => {
      const topic = bench.topic();
      const before = await bench.publish(topic, { n: 0 });
      await bench.restart('SIGTERM');
      const after = await bench.publishMany(events(topic, 3, 1));
      const session = await bench.openSettled();
      const resumed = await replay(session, { topic, lastEventId: before.id });
      expect(resumed.confirmed.data['recovered']).toBe(true);
      expect(resumed.ids).toEqual(after.map(({ id }) => id));
      if (epochOf(before.id) === epochOf(after[0]?.id ?? '')) throw new Error('a start opens no epoch');
      const past = `${epochOf(before.id)}-${offsetOf(before.id) + 2}`;
      const lost = await replay(session, { topic, filters: { n: 2 }, lastEventId: past });
      expect(lost.confirmed.data).toMatchObject({ recovered: false, lost: { reason: 'epoch' } });
      expect(lost.ids).toEqual([after[1]?.id]);
    },
  );

  check('[LOG-8] a log that was restored from a backup says so', async () => {
    const own = bench.server.process;
    if (own === undefined) throw new Error('this target has no data folder');
    const topic = bench.topic();
    const kept = await bench.publish(topic, { n: 0 });
    own.signal('SIGTERM');
    await own.exited;
    const backup = join(freshFolder(), 'backup');
    cpSync(own.dataFolder, backup, { recursive: true });
    await bench.restart('SIGTERM');
    const undone = await bench.publishMany(events(topic, 5, 1));
    bench.server.process?.signal('SIGTERM');
    await bench.server.process?.exited;
    rmSync(own.dataFolder, { recursive: true });
    cpSync(backup, own.dataFolder, { recursive: true });
    rmSync(join(backup, '..'), { recursive: true });
    await bench.restart('SIGTERM');
    const anew = await bench.publishMany(events(topic, 8, 10));
    const session = await bench.openSettled();
    const lost = await replay(session, { topic, lastEventId: undone.at(-1)?.id ?? '' });
    expect(lost.confirmed.data).toMatchObject({ recovered: false, lost: { reason: 'epoch' } });
    expect(lost.ids).toEqual([kept, ...anew].map(({ id }) => id));
    const whole = await replay(session, { topic, filters: {}, lastEventId: kept.id });
    expect(whole.confirmed.data['recovered']).toBe(true);
  });

  check('[LOG-7] an empty log has no oldest event', async () => {
    const fresh = await bench.target.start();
    try {
      const session = await Session.open(fresh.url, 'a', { path: `/?token=${tokenFor(fresh.secret, 'a')}` });
      const { confirmed, recovered } = await replay(session, { lastEventId: 'neverseen-7' });
      expect(confirmed.data).toMatchObject({ recovered: false, lost: { reason: 'epoch', oldest: null } });
      expect(recovered.data['replayed']).toBe(0);
      session.raw.destroy();
    } finally {
      await fresh.stop();
    }
  });
});

onTargets('A short log', { env: { AIDEALS_RETENTION_EVENTS: '20' } }, (bench, check) => {
  check('[LOG-10][LOG-7] events that were trimmed are told as lost', async () => {
    const topic = bench.topic();
    const start = await position(bench);
    const published = await bench.publishMany(events(topic, 100));
    await bench.restart('SIGTERM');
    const session = await bench.openSettled();
    const seen = await poll(async () => {
      const tried = await replay(session, { topic, lastEventId: start });
      await session.ask('unsubscribeFromDeals', { topic });
      return tried.confirmed.data['recovered'] === false ? tried : undefined;
    }, 'the log to be trimmed');
    expect(seen.confirmed.data['lost']).toMatchObject({ reason: 'retention' });
    const { oldest } = seen.confirmed.data['lost'] as { oldest: string };
    expect(seen.ids[0]).toBe(oldest);
    expect(seen.ids.at(-1)).toBe(published.at(-1)?.id);
    const kept = await replay(session, { topic, lastEventId: published[85]?.id ?? '' });
    expect(kept.confirmed.data['recovered']).toBe(true);
    expect(kept.ids).toHaveLength(14);
  });
});
