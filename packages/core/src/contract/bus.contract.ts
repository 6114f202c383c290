import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Awaitable, Bus } from '../ports/index.js';

export interface BusSubject {
  /** A node's end of the bus. Each call gives another node's where the bus has nodes, else the same. */
  node(): Awaitable<Bus>;
  /** Takes the subscriptions of all nodes away for a moment, as a broker does that is out of reach, where that can be. */
  interrupt?(): Awaitable<void>;
  close?(): Awaitable<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Collects what a listener hears, and tells when it has heard so many. */
const ear = () => {
  const heard: string[] = [];
  let wanted = 0;
  let enough = (): void => undefined;
  return {
    heard,
    listen: (message: Uint8Array): void => {
      heard.push(new TextDecoder().decode(message));
      if (heard.length >= wanted) enough();
    },
    count: (n: number): Promise<void> =>
      new Promise((resolve) => {
        wanted = n;
        enough = resolve;
        if (heard.length >= n) resolve();
      }),
  };
};

/** The laws of the Bus port. `create` makes a bus to which nobody listens. */
export const busContract = (name: string, create: () => Awaitable<BusSubject>): void => {
  describe(`Bus, ${name}`, () => {
    let subject: BusSubject;
    let here: Bus;
    let there: Bus;
    beforeEach(async () => {
      subject = await create();
      here = await subject.node();
      there = await subject.node();
    });
    afterEach(() => subject.close?.());

    test('is well', async () => {
      expect(await here.health()).toMatchObject({ ok: true });
    });

    test('reaches who listens, as soon as subscribing has resolved, and tells how many', async () => {
      expect(await here.publish('c', bytes('nobody'))).toBe(0);
      const one = ear();
      await there.subscribe('c', one.listen);
      expect(await here.publish('c', bytes('first'))).toBe(1);
      expect(await here.publish('d', bytes('elsewhere'))).toBe(0);
      expect(await here.publish('c', bytes('second'))).toBe(1);
      await one.count(2);
      expect(one.heard).toEqual(['first', 'second']);
    });

    test('reaches its own node too', async () => {
      const own = ear();
      await here.subscribe('c', own.listen);
      expect(await here.publish('c', bytes('m'))).toBe(1);
      await own.count(1);
    });

    test('keeps the order of one publisher on a channel', async () => {
      const one = ear();
      await there.subscribe('c', one.listen);
      const texts = Array.from({ length: 500 }, (_, n) => `m${n}`);
      await Promise.all(texts.map((text) => here.publish('c', bytes(text))));
      await one.count(500);
      expect(one.heard).toEqual(texts);
    });

    test('brings all channels of the log in the one order in which they were published', async () => {
      const one = ear();
      const names = ['log:a', 'log:b', 'log:all-deals', 'log:price-updates'];
      for (const name of names) await there.subscribe(name, one.listen);
      const texts = Array.from({ length: 200 }, (_, n) => `m${n}`);
      const published = texts.map((text, n) => here.publish(names[(n * 7) % 4] as string, bytes(text)));
      await Promise.all(published);
      await one.count(200);
      expect(one.heard).toEqual(texts);
    });

    test('tells of a reset when its subscriptions stand again, and of none without need', async () => {
      const one = ear();
      let resets = 0;
      let isReset = (): void => undefined;
      const reset = new Promise<void>((resolve) => {
        isReset = resolve;
      });
      there.onReset(() => {
        resets += 1;
        isReset();
      });
      await there.subscribe('c', one.listen);
      await there.subscribe('log:a', one.listen);
      await here.publish('c', bytes('before'));
      await one.count(1);
      expect(resets).toBe(0);
      if (subject.interrupt === undefined) return;
      await subject.interrupt();
      await reset;
      expect(await there.publish('c', bytes('after'))).toBe(1);
      expect(await there.publish('log:a', bytes('this too'))).toBe(1);
      await one.count(3);
      expect(one.heard).toEqual(['before', 'after', 'this too']);
      expect(resets).toBe(1);
    });

    test('carries any bytes, and those of the moment of publishing', async () => {
      const heard: Uint8Array[] = [];
      const { listen, count } = ear();
      await there.subscribe('c', (message) => {
        heard.push(message);
        listen(message);
      });
      const given = Uint8Array.from({ length: 256 }, (_, n) => n);
      const publishing = here.publish('c', given);
      given.fill(0);
      await publishing;
      await here.publish('c', new Uint8Array(0));
      await count(2);
      expect(heard.map((message) => [...message])).toEqual([Array.from({ length: 256 }, (_, n) => n), []]);
    });

    test('stops for one listener and goes on for the others', async () => {
      const [leaves, stays] = [ear(), ear()];
      await there.subscribe('c', leaves.listen);
      await there.subscribe('c', stays.listen);
      await here.publish('c', bytes('both'));
      await Promise.all([leaves.count(1), stays.count(1)]);
      await there.unsubscribe('c', leaves.listen);
      await there.unsubscribe('c', leaves.listen);
      await there.unsubscribe('other', leaves.listen);
      await here.publish('c', bytes('one'));
      await stays.count(2);
      expect(leaves.heard).toEqual(['both']);
      await there.unsubscribe('c', stays.listen);
      expect(await here.publish('c', bytes('none'))).toBe(0);
    });

    test('hears once on a channel however often it subscribes to it', async () => {
      const one = ear();
      await there.subscribe('c', one.listen);
      await there.subscribe('c', one.listen);
      await here.publish('c', bytes('1'));
      await here.publish('c', bytes('2'));
      await one.count(2);
      expect(one.heard).toEqual(['1', '2']);
      await there.unsubscribe('c', one.listen);
      expect(await here.publish('c', bytes('none'))).toBe(0);
    });

    test('lets a listener that throws disturb neither the publisher nor the others', async () => {
      const { listen, heard, count } = ear();
      await there.subscribe('c', () => {
        throw new Error('a listener fails');
      });
      await there.subscribe('c', listen);
      await here.publish('c', bytes('1'));
      await here.publish('c', bytes('2'));
      await count(2);
      expect(heard).toEqual(['1', '2']);
    });

    test('lets a listener publish, subscribe and unsubscribe', async () => {
      const answers = ear();
      await here.subscribe('answers', answers.listen);
      const once = async (): Promise<void> => {
        await there.unsubscribe('questions', once);
        await there.publish('answers', bytes('yes'));
      };
      await there.subscribe('questions', once);
      await here.publish('questions', bytes('?'));
      await answers.count(1);
      expect(await here.publish('questions', bytes('?'))).toBe(0);
    });
  });
};
