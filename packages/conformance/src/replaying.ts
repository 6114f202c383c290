import { expect } from 'vitest';
import type { Bench } from './bench.js';
import { epochOf, offsetOf, str } from './expectations.js';
import type { Session } from './session.js';

/** All deal events, taken out in the order in which they came. */
export const deals = (session: Session, count: number) => session.takeMany('dealUpdate', count);

/** Events of a topic, numbered. */
export const events = (topic: string, count: number, from = 0, pad = '') =>
  Array.from({ length: count }, (_, n) => ({ topic, data: { n: from + n, odd: (from + n) % 2 === 1, pad } }));

const isKnown = (id: string | undefined, lastEventId: unknown): boolean =>
  typeof lastEventId === 'string' &&
  id !== undefined &&
  epochOf(id) === epochOf(lastEventId) &&
  offsetOf(id) <= offsetOf(lastEventId);

/** Subscribes and takes the replay: its confirmation, its frames and its end, but for what it brings again. */
export const replay = async (session: Session, data: Record<string, string | object>) => {
  const confirmed = await session.ask('subscribeToDeals', data as never);
  expect(confirmed.type, JSON.stringify(confirmed.data)).toBe('subscriptionConfirmed');
  const subscriptionId = str(confirmed, 'subscriptionId');
  const recovered = await session.take(
    (frame) => frame.type === 'subscriptionRecovered' && frame.data['subscriptionId'] === subscriptionId,
  );
  const all = session.inbox.filter((frame) => frame.replay === subscriptionId);
  for (const frame of all) session.inbox.splice(session.inbox.indexOf(frame), 1);
  const isDouble = session.resumesEarlier && confirmed.data['recovered'] === true;
  const frames = isDouble ? all.filter(({ id }) => !isKnown(id, data['lastEventId'])) : all;
  return { confirmed, subscriptionId, frames, recovered, ids: frames.map((frame) => frame.id) };
};

/** The position of the log now. */
export const position = async (bench: Bench): Promise<string> => {
  const session = await bench.open();
  return str(await session.ask('subscribeToDeals', { topic: bench.topic() }), 'lastEventId');
};
