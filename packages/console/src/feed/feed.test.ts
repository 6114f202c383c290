import { AidealsError, type ClientState, type DealEvent, type JsonObject, type Lost } from '@aideals/client';
import { describe, expect, it } from 'vitest';
import { emptyForm, type FilterForm } from '../filters/filter-form.js';
import { MOST_DEALS } from './deal.js';
import { Feed, type FeedClient } from './feed.js';

type Listener = (argument: never) => void;

/** A client in the hand of a test: it confirms and refuses when told, and brings what it is given. */
class FakeClient {
  readonly asked: object[] = [];
  readonly #listeners = new Map<string, Listener>();
  #deal: (event: DealEvent) => void = () => undefined;
  #settle: { resolve: () => void; reject: (error: AidealsError) => void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };
  #number = 0;
  connects = 0;

  readonly client = {
    state: { status: 'connecting', attempt: 0 } satisfies ClientState,
    on: (name: string, listener: Listener) => this.#on(name, listener),
    subscribe: (options: object, onDeal: (event: DealEvent) => void) => {
      this.#deal = onDeal;
      return {
        ready: this.#ask(options),
        on: (name: string, listener: Listener) => this.#on(`subscription ${name}`, listener),
        update: (request: object) => this.#ask(request),
      };
    },
    connect: () => {
      this.connects += 1;
    },
    close: async () => undefined,
  } as unknown as FeedClient;

  #on(name: string, listener: Listener): () => void {
    this.#listeners.set(name, listener);
    return () => undefined;
  }

  #ask(request: object): Promise<void> {
    this.asked.push(request);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  async confirm(): Promise<void> {
    this.#settle.resolve();
    await Promise.resolve();
  }

  emit(name: string, argument: unknown): void {
    (this.#listeners.get(name) as ((argument: unknown) => void) | undefined)?.(argument);
  }

  deal(data: JsonObject, envelope: Partial<DealEvent> = {}): void {
    this.#number += 1;
    this.#deal({ type: 'dealUpdate', topic: 'new-deals', id: `e-${this.#number}`, timestamp: 1, data, ...envelope });
  }
}

const feedOf = (form: Partial<FilterForm> = {}) => {
  const fake = new FakeClient();
  const tasks: (() => void)[] = [];
  const draw = () => {
    for (const task of tasks.splice(0)) task();
  };
  let now = 1_000;
  const feed = new Feed(
    fake.client,
    { ...emptyForm, ...form },
    (task) => tasks.push(task),
    () => now,
  );
  const titles = () => feed.view().deals.map((deal) => deal.title);
  const at = (ms: number) => {
    now = ms;
  };
  return { fake, feed, draw, titles, tasks, at };
};

describe('the feed', () => {
  it('subscribes to what the form says, and is applied when the server says so', async () => {
    const { fake, feed } = feedOf({ minDiscount: 20 });
    expect(fake.asked).toEqual([{ topic: 'all-deals', filters: { minDiscount: 20 } }]);
    expect(feed.view().applied).toBe(false);
    await fake.confirm();
    expect(feed.view().applied).toBe(true);
  });

  it('draws a burst once, newest first, and learns categories and topics from it', () => {
    const { fake, feed, draw, titles, tasks } = feedOf();
    let changes = 0;
    feed.listen(() => {
      changes += 1;
    });
    fake.deal({ title: 'a', category: 'technology' });
    fake.deal({ title: 'b', category: 'furniture' });
    expect(tasks).toHaveLength(1);
    expect(changes).toBe(0);
    draw();
    expect(changes).toBe(1);
    expect(titles()).toEqual(['b', 'a']);
    expect(feed.view()).toMatchObject({
      received: 2,
      categories: ['furniture', 'technology'],
      topics: ['new-deals'],
    });
  });

  it('shows what matches the present filters, also of what came before', async () => {
    const { fake, feed, draw, titles } = feedOf();
    await fake.confirm();
    fake.deal({ title: 'lamp', category: 'furniture' });
    fake.deal({ title: 'phone', category: 'technology' });
    draw();
    feed.apply({ ...emptyForm, categories: ['technology'] });
    expect(fake.asked.at(-1)).toEqual({ topic: 'all-deals', filters: { category: ['technology'] } });
    expect(titles()).toEqual(['phone']);
    fake.deal({ title: 'desk', category: 'furniture' });
    draw();
    expect(titles()).toEqual(['phone']);
    await fake.confirm();
    fake.deal({ title: 'matched by what its publisher told the server alone' });
    draw();
    expect(titles()[0]).toMatch(/^matched/);
    feed.apply(emptyForm);
    expect(titles()).toHaveLength(4);
  });

  it('asks for nothing while the topic is no name', () => {
    const { fake, feed } = feedOf();
    feed.apply({ ...emptyForm, topic: 'no spaces' });
    expect(fake.asked).toHaveLength(1);
  });

  it('holds deals back while it is paused, and counts those that match', () => {
    const { fake, feed, draw, titles } = feedOf({ categories: ['a'] });
    feed.pause(true);
    for (let i = 0; i < MOST_DEALS * 4; i += 1) fake.deal({ title: `${i}`, category: i % 2 === 0 ? 'a' : 'b' });
    draw();
    expect(titles()).toEqual([]);
    expect(feed.view().held).toBeGreaterThan(0);
    expect(feed.view().held).toBeLessThanOrEqual(MOST_DEALS);
    expect(feed.view().received).toBe(MOST_DEALS * 4);
    feed.pause(false);
    expect(feed.view().held).toBe(0);
    expect(titles()[0]).toBe(`${MOST_DEALS * 4 - 2}`);
  });

  it('tells when a replayed deal happened, by the server’s clock', () => {
    const { fake, feed, draw, at } = feedOf();
    at(500_000);
    fake.deal({ title: 'live' }, { timestamp: 100 });
    fake.deal({ title: 'missed' }, { timestamp: 40, replay: 'x' });
    draw();
    expect(feed.view().deals.map((deal) => deal.arrivedAt)).toEqual([440_000, 500_000]);
  });

  it('tells errors and gaps in words, until they are over', async () => {
    const { fake, feed } = feedOf();
    fake.emit('subscription error', new AidealsError('RATE_LIMIT_EXCEEDED', 'x', { retryAfter: 3 }));
    expect(feed.view().problem).toMatch(/in 3 seconds/);
    await fake.confirm();
    expect(feed.view().problem).toBeUndefined();
    fake.emit('error', new AidealsError('CONNECTION_ERROR', 'x'));
    expect(feed.view().problem).toMatch(/no new connections/);
    fake.emit('state', { status: 'open', attempt: 0 });
    expect(feed.view()).toMatchObject({ problem: undefined, connection: { status: 'open' } });
    fake.emit('subscription gap', { reason: 'retention', oldest: null } satisfies Lost);
    expect(feed.view().gap).toMatch(/away for so long/);
    feed.clear();
    expect(feed.view()).toMatchObject({ gap: undefined, deals: [] });
  });
});
