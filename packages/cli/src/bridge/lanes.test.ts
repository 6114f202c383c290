import type { BridgedEvent } from '@aideals/bus';
import { describe, expect, it } from 'vitest';
import { Lanes } from './lanes.js';
import type { Posted } from './post.js';

const event = (topic: string, n: number): BridgedEvent => ({
  key: `${topic}-${n}`,
  event: { type: 'dealUpdate', topic, data: { n }, at: 0 },
});

interface Attempt {
  readonly key: string;
  readonly answer: (posted: Posted) => void;
}

/** Lanes to a deployment that answers when the test says so, on a clock that moves by what is waited for. */
const lanesTo = (options: { room?: number; atOnce?: number; patienceMillis?: number } = {}) => {
  const attempts: Attempt[] = [];
  const account: string[] = [];
  let time = 0;
  let wake = (): void => undefined;
  const lanes = new Lanes({
    ...{ room: 100, atOnce: 2, patienceMillis: 10_000, ...options },
    post: ({ key }) =>
      new Promise((answer) => {
        attempts.push({ key, answer });
        wake();
      }),
    account: {
      published: (repeated) => account.push(repeated ? 'repeated' : 'published'),
      refused: (reason) => account.push(`refused ${reason}`),
      lost: (reason) => account.push(`lost ${reason}`),
      passing: (reason) => account.push(`passing ${reason}`),
    },
    pause: async (millis) => {
      time += millis;
    },
    now: () => time,
    random: () => 0.5,
  });
  const next = async (): Promise<Attempt> => {
    while (attempts.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return attempts.shift() as Attempt;
  };
  return { lanes, account, attempts, next };
};

const published: Posted = { kind: 'published', repeated: false };
const busy: Posted = { kind: 'passing', reason: 'busy', waitMillis: 1_000 };

describe('lanes', () => {
  it('publish a topic in order, one after another, and topics side by side', async () => {
    const { lanes, attempts, next } = lanesTo();
    await lanes.take([event('a', 1), event('a', 2), event('b', 1), event('c', 1)]);
    expect(attempts.map(({ key }) => key)).toEqual(['a-1', 'b-1']);
    (await next()).answer(published);
    (await next()).answer(published);
    const later = [await next(), await next()];
    expect(later.map(({ key }) => key).sort()).toEqual(['a-2', 'c-1']);
    for (const { answer } of later) answer(published);
    await lanes.empty();
    expect(lanes.waiting).toBe(0);
  });

  it('try again what is not taken now, before what comes after it', async () => {
    const { lanes, account, next } = lanesTo();
    await lanes.take([event('a', 1), event('a', 2)]);
    (await next()).answer(busy);
    const again = await next();
    expect(again.key).toBe('a-1');
    again.answer({ kind: 'published', repeated: true });
    const last = await next();
    expect(last.key).toBe('a-2');
    last.answer({ kind: 'refused', reason: 'too large' });
    await lanes.empty();
    expect(account).toEqual(['passing busy', 'repeated', 'refused too large']);
  });

  it('give up what was tried for too long, and go on with the next', async () => {
    const { lanes, account, next } = lanesTo({ patienceMillis: 2_000 });
    await lanes.take([event('a', 1)]);
    (await next()).answer(busy);
    (await next()).answer(busy);
    await lanes.empty();
    expect(account).toEqual(['passing busy', 'lost busy']);
    await lanes.take([event('a', 2)]);
    (await next()).answer(published);
    await lanes.empty();
    expect(account.at(-1)).toBe('published');
  });

  it('let who brings more wait when they are full', async () => {
    const { lanes, next } = lanesTo({ room: 2 });
    let isTaken = false;
    const taking = lanes.take([event('a', 1), event('a', 2), event('a', 3)]).then(() => {
      isTaken = true;
    });
    const first = await next();
    expect([isTaken, lanes.waiting]).toEqual([false, 2]);
    first.answer(published);
    await taking;
    expect(lanes.waiting).toBe(2);
    (await next()).answer(published);
    (await next()).answer(published);
    await lanes.empty();
  });

  it('give up what waits when they are ended', async () => {
    const { lanes, account, next } = lanesTo();
    await lanes.take([event('a', 1), event('a', 2)]);
    const first = await next();
    const end = lanes.end();
    first.answer(busy);
    await end;
    expect(account).toEqual(['passing busy', 'lost the bridge was told to end', 'lost the bridge was told to end']);
  });
});
