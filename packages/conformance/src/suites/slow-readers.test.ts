import type { JsonObject } from '@aideals/protocol';
import { expect } from 'vitest';
import type { Bench } from '../bench.js';
import { offsetOf, str } from '../expectations.js';
import { encodeFrame } from '../frame-codec.js';
import { poll } from '../poll.js';
import type { Session } from '../session.js';
import { onTargets } from '../suite.js';

const PAD = 'x'.repeat(30_000);
const PER_CALL = 30;

/** An event that is a new state of a thing: `dealUpdate` by `dealId`, else by `id`, `priceUpdate` by `productId`. */
const states = (n: number): JsonObject => {
  if (n % 3 === 0) return { data: { dealId: 'a', id: `${n}`, n } };
  if (n % 3 === 1) return { data: { id: 'b', n } };
  return { messageType: 'priceUpdate', data: { productId: 'c', dealId: `${n}`, price: n } };
};

/** An event that no later one replaces. */
const distinct = (n: number): JsonObject => ({ data: { dealId: `${n}` } });

/** Publishes lists of some 900 KB. */
const flood = async (bench: Bench, topic: string, calls: number, event: (n: number) => JsonObject) => {
  const published = [];
  for (let call = 0; call < calls; call += 1) {
    const events = Array.from({ length: PER_CALL }, (_, k) => {
      const { data, ...more } = event(call * PER_CALL + k);
      return { topic, ...more, data: { ...(data as JsonObject), pad: PAD } };
    });
    published.push(...(await bench.publishMany(events)));
  }
  return published;
};

/** A connection that is subscribed and does not read; it keeps the ids of what comes later, not the frames. */
const stuck = async (bench: Bench, topic: string) => {
  const session = await bench.openSettled();
  const confirmed = await session.ask('subscribeToDeals', { topic });
  session.raw.forget = true;
  session.raw.pause();
  return { session, from: str(confirmed, 'lastEventId') };
};

const isOpen = async (bench: Bench, session: Session): Promise<boolean> => {
  const answer = await bench.call('GET', `/v1/connections?userId=${session.userId}`);
  return (answer.json as { items: unknown[] }).items.length > 0;
};

/** More than the buffers of the kernel take: from here on events wait with the server. */
const CALLS = 20;

onTargets(
  'Slow readers',
  { env: { AIDEALS_OUTBOX_SOFT: '300000', AIDEALS_OUTBOX_HARD: '2000000' } },
  (bench, check) => {
    check(
      '[SLOW-1][SLOW-4] of a slow reader’s deals the newest of each key comes, in order, and it is told how many were taken out',
      async () => {
        const topic = bench.topic();
        const { session } = await stuck(bench, topic);
        const brisk = await bench.openSettled();
        brisk.raw.forget = true;
        await brisk.ask('subscribeToDeals', { topic });
        const published = await flood(bench, topic, CALLS, states);
        const last = published.at(-1)?.id;
        await brisk.until(
          () => (brisk.inbox.at(-1)?.id === last ? true : undefined),
          'the brisk reader to have all',
          20_000,
        );
        const skipped = (reader: Session) => reader.inbox.reduce((sum, frame) => sum + (frame.conflated ?? 0), 0);
        expect(brisk.inbox.length + skipped(brisk)).toBe(published.length);
        expect(await isOpen(bench, session)).toBe(true);
        session.raw.resume();
        await session.until(() => (session.inbox.at(-1)?.id === last ? true : undefined), 'the newest event', 20_000);
        const offsets = session.inbox.map((frame) => offsetOf(frame.id));
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
        const newest = (list: readonly { id?: string | undefined }[]) => list.slice(-3).map(({ id }) => id);
        expect(newest(session.inbox)).toEqual(newest(published));
        expect(skipped(session)).toBeGreaterThan(0);
        expect(session.inbox.length + skipped(session)).toBe(published.length);
      },
      40_000,
    );

    check(
      '[SLOW-2][SLOW-4][CLOSE-10] past the hard mark the connection is closed with 4008, and can resume',
      async () => {
        const topic = bench.topic();
        const { session, from } = await stuck(bench, topic);
        const published = await flood(bench, topic, CALLS, distinct);
        await poll(async () => ((await isOpen(bench, session)) ? undefined : true), 'the server to give up', 20_000);
        session.raw.resume();
        expect(await session.closing()).toMatchObject({ code: 4008 });
        expect(session.inbox.length).toBeLessThan(published.length);
        expect(session.inbox.map((frame) => frame.id)).toEqual(
          published.slice(0, session.inbox.length).map(({ id }) => id),
        );
        const lastEventId = session.inbox.at(-1)?.id ?? from;
        const again = await bench.openSettled();
        again.raw.forget = true;
        const confirmed = await again.ask('subscribeToDeals', { topic, lastEventId });
        expect(confirmed.data['recovered']).toBe(true);
        await again.until(() => again.inbox.find((frame) => frame.type === 'subscriptionRecovered'), 'the end', 20_000);
        const ids = [...session.inbox, ...again.inbox].flatMap((frame) => frame.id ?? []);
        expect(ids).toEqual(published.map(({ id }) => id));
      },
      40_000,
    );

    check(
      '[SLOW-4] while one does not read, publishers are answered and the others have all',
      async () => {
        const topic = bench.topic();
        const { session } = await stuck(bench, topic);
        const brisk = await bench.openSettled();
        brisk.raw.forget = true;
        await brisk.ask('subscribeToDeals', { topic });
        const published = await flood(bench, topic, CALLS, distinct);
        const has = (id: string): boolean => brisk.inbox.some((frame) => frame.id === id);
        await brisk.until(() => (published.every(({ id }) => has(id)) ? true : undefined), 'all events', 20_000);
        expect((await brisk.ask('ping')).type).toBe('pong');
        session.raw.destroy();
      },
      60_000,
    );

    check(
      '[SLOW-3] a reader that goes on reading is not closed during a replay, however slow it is',
      async () => {
        const topic = bench.topic();
        const first = await bench.open();
        const start = str(await first.ask('subscribeToDeals', { topic: bench.topic() }), 'lastEventId');
        const published = await flood(bench, topic, CALLS, distinct);
        const session = await bench.openSettled();
        session.raw.forget = true;
        await session.ask('subscribeToDeals', { topic, lastEventId: start });
        let read = 0;
        while (read < published.length) {
          session.raw.pause();
          await bench.server.call('GET', '/healthz');
          session.raw.resume();
          await session.take((frame) => frame.replay !== undefined);
          read += 1;
        }
        expect((await session.take('subscriptionRecovered')).data['replayed']).toBe(published.length);
        const { id } = await bench.publish(topic, { n: 'live' });
        expect((await session.take((frame) => frame.id === id)).data).toEqual({ n: 'live' });
      },
      60_000,
    );
  },
);

onTargets('Readers that stall', { env: { AIDEALS_OUTBOX_STALL_SECONDS: '1' } }, (bench, check) => {
  check(
    '[SLOW-2][SLOW-4] one that asks and asks and reads no answer is closed with 4008, and no one else notices',
    async () => {
      const session = await bench.openSettled();
      session.raw.forget = true;
      session.raw.pause();
      const brisk = await bench.openSettled();
      const asked = Buffer.concat(
        Array.from({ length: 1000 }, () => encodeFrame({ opcode: 1, payload: '{"action":"getStatus"}' })),
      );
      for (let n = 0; n < 200; n += 1) session.raw.sendBytes(asked);
      await poll(
        async () => {
          expect((await brisk.ask('ping')).type).toBe('pong');
          return (await isOpen(bench, session)) ? undefined : true;
        },
        'the server to give up',
        20_000,
      );
      session.raw.resume();
      expect(await session.closing()).toMatchObject({ code: 4008 });
    },
    40_000,
  );

  check(
    '[SLOW-2][CLOSE-10] a reader that takes no byte for the stall time, while something waits, is closed with 4008',
    async () => {
      const topic = bench.topic();
      const idle = await bench.openSettled();
      idle.raw.pause();
      const { session } = await stuck(bench, topic);
      await flood(bench, topic, CALLS, () => ({ data: { dealId: 'one' } }));
      await poll(async () => ((await isOpen(bench, session)) ? undefined : true), 'the server to give up');
      expect(await isOpen(bench, idle)).toBe(true);
      session.raw.resume();
      expect(await session.closing()).toMatchObject({ code: 4008 });
    },
    30_000,
  );
});
