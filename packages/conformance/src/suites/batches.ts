import { expect } from 'vitest';
import { errorWith, refusalOf } from '../expectations.js';
import { opcodes } from '../frame-codec.js';
import { events } from '../replaying.js';
import { onTargets } from '../suite.js';

const MOST_MESSAGES = 128;
const MOST_BYTES = 32_768;
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

onTargets('Batches', {}, (bench, check) => {
  check('[BATCH-1][ERR-3] another value of batch is 400 and names it', async () => {
    for (const batch of ['', '0', 'yes', 'true', '11']) {
      const refused = refusalOf(await bench.dial({ batch }));
      expect(refused.status, batch).toBe(400);
      expect(refused.json, batch).toEqual(errorWith('VALIDATION_ERROR', 'query.batch'));
    }
    expect((await (await bench.open({ batch: '1' })).ask('ping')).type).toBe('pong');
  });

  check('[BATCH-1] without it every frame holds one message', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    await bench.publishMany(events(topic, 300));
    const got = await session.takeMany('dealUpdate', 300);
    expect(got.map(({ data }) => data['n'])).toEqual(range(300));
    expect(session.frameSizes.every((size) => size === 1)).toBe(true);
  });

  check('[BATCH-2] a list published at once comes in lists, each within its bound, in order', async () => {
    const session = await bench.openSettled({ batch: '1' });
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    expect(session.frameSizes.every((size) => size === 1)).toBe(true);
    await bench.publishMany(events(topic, 300));
    const got = await session.takeMany('dealUpdate', 300);
    expect(got.map(({ data }) => data['n'])).toEqual(range(300));
    expect(Math.max(...session.frameSizes)).toBeGreaterThan(1);
    expect(Math.max(...session.frameSizes)).toBeLessThanOrEqual(MOST_MESSAGES);
  });

  check('[BATCH-2] what is published one by one, answers and replays keep their order', async () => {
    const session = await bench.openSettled({ batch: '1' });
    const topic = bench.topic();
    const confirmed = await session.ask('subscribeToDeals', { topic });
    for (const n of range(20)) await bench.publish(topic, { n });
    expect((await session.takeMany('dealUpdate', 20)).map(({ data }) => data['n'])).toEqual(range(20));
    const requests = range(20).map(() => session.send('ping'));
    const pongs = await session.takeMany('pong', 20);
    expect(pongs.map(({ requestId }) => requestId)).toEqual(requests);
    const other = await bench.openSettled({ batch: '1' });
    const { lastEventId } = confirmed.data as { lastEventId: string };
    await other.ask('subscribeToDeals', { topic, lastEventId });
    await other.take('subscriptionRecovered');
    const again = other.inbox.filter(({ type }) => type === 'dealUpdate');
    expect(again.map(({ data }) => data['n'])).toEqual(range(20));
  });

  check('[BATCH-3] no list is larger than its bound, and a message that is larger leaves alone', async () => {
    const session = await bench.openSettled({ batch: '1' });
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const sizes = [10, 20_000, 20_000, 40_000, 10, 10, 9_000, 9_000, 9_000, 9_000, 10];
    await bench.publishMany(sizes.map((size, n) => ({ topic, data: { n, filler: 'ä'.repeat(size / 2) } })));
    const got = await session.takeMany('dealUpdate', sizes.length);
    expect(got.map(({ data }) => data['n'])).toEqual(range(sizes.length));
    const lists = session.raw.frames.filter(({ opcode, payload }) => opcode === opcodes.text && payload[0] === 0x5b);
    for (const { payload } of lists) expect(payload.length).toBeLessThan(MOST_BYTES);
  });

  check('[BATCH-3][CONN-14] with permessage-deflate lists arrive all the same', async () => {
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    const session = await bench.openSettled({ batch: '1', headers });
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    await bench.publishMany(events(topic, 300));
    const got = await session.takeMany('dealUpdate', 300);
    expect(got.map(({ data }) => data['n'])).toEqual(range(300));
    expect(session.raw.violations).toEqual([]);
  });

  check('[BATCH-4][ENV-1] a list from the client is a VALIDATION_ERROR', async () => {
    const session = await bench.openSettled({ batch: '1' });
    expect(await session.askText('[{"action":"ping"},{"action":"ping"}]')).toEqual(errorWith('VALIDATION_ERROR'));
    expect((await session.ask('ping')).type).toBe('pong');
  });
});
