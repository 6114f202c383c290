import { expect } from 'vitest';
import type { Bench } from '../bench.js';
import { errorWith, offsetOf } from '../expectations.js';
import { events } from '../replaying.js';
import { onTargets } from '../suite.js';

const stream = (bench: Bench, body: string, more: { query?: string; headers?: Record<string, string> } = {}) =>
  bench.call('POST', `/v1/broadcast${more.query ?? ''}`, {
    body,
    headers: { 'content-type': 'application/x-ndjson', ...more.headers },
  });

const text = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

onTargets('A stream of lines', {}, (bench, check) => {
  check('[HTTP-19] publishes an event for each line, in their order', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic, filters: { odd: true } });
    const body = `\n${text(events(topic, 600)).replace(/\n$/, '')}`;
    const answer = await stream(bench, body);
    expect(answer, answer.text).toMatchObject({ status: 200, json: { published: 600, failed: 0, errors: [] } });
    const { firstId, lastId } = answer.json as { firstId: string; lastId: string };
    expect(offsetOf(lastId) - offsetOf(firstId)).toBeGreaterThanOrEqual(599);
    const got = await session.takeMany('dealUpdate', 300);
    expect(got.map(({ data }) => data['n'])).toEqual(Array.from({ length: 300 }, (_, n) => 2 * n + 1));
    expect((await stream(bench, '\n\n')).json).toEqual(errorWith('VALIDATION_ERROR'));
  });

  check('[HTTP-20] ends at the first wrong line, or leaves wrong ones out where it is told to', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const [one, two, three] = events(topic, 3).map((event) => JSON.stringify(event));
    const wrong = ['nonsense', '{"data":{},"topik":"x"}', '[]', '{"data":{},"messageType":"pong"}', '7'];
    for (const line of wrong) {
      const body = [one, '', line, three].join('\n');
      const ended = await stream(bench, body);
      expect(ended.status, line).toBe(400);
      expect(ended.json).toMatchObject({
        type: 'error',
        data: { code: 'VALIDATION_ERROR', details: { line: 3, published: 1 } },
      });
    }
    expect((await session.takeMany('dealUpdate', wrong.length)).map(({ data }) => data['n'])).toEqual(
      wrong.map(() => 0),
    );
    const answer = await stream(bench, [one, ...wrong, two].join('\n'), { query: '?keepGoing=true' });
    expect(answer).toMatchObject({ status: 200, json: { published: 2, failed: wrong.length } });
    const { errors } = answer.json as { errors: { line: number }[] };
    expect(errors.map(({ line }) => line)).toEqual(wrong.map((_, n) => n + 2));
    expect((await session.takeMany('dealUpdate', 2)).map(({ data }) => data['n'])).toEqual([0, 1]);
    expect((await stream(bench, one ?? '', { query: '?keepGoing=x' })).json).toEqual(
      errorWith('VALIDATION_ERROR', 'query.keepGoing'),
    );
    expect((await stream(bench, one ?? '', { headers: { authorization: 'Bearer none' } })).status).toBe(401);
  });

  check('[HTTP-21] under a key is published once', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    const body = text(events(topic, 300));
    const headers = { 'idempotency-key': topic };
    const first = await stream(bench, body, { headers });
    const again = await stream(bench, body, { headers });
    const ids = ({ json }: typeof first) => [
      (json as { firstId: string }).firstId,
      (json as { lastId: string }).lastId,
    ];
    expect(ids(again)).toEqual(ids(first));
    expect(await session.takeMany('dealUpdate', 300)).toHaveLength(300);
    expect(await session.untilPong()).toEqual([]);
    expect((await stream(bench, text(events(topic, 1, 7)), { headers })).status).toBe(409);
  });
});
