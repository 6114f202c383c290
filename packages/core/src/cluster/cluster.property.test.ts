import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Passage } from '../memory/index.js';
import type { Table } from '../ports/index.js';
import { quiet, type TestCluster, type TestNode, testCluster } from './testing/cluster.js';

const TOPICS = ['tv', 'car', 'price-updates'] as const;
const WISHES = [['tv'], ['car'], ['all-deals'], ['price-updates'], ['tv', 'car'], ['tv', 'all-deals', 'price-updates']];

type Step =
  | { readonly do: 'publish'; readonly node: number; readonly topics: readonly number[] }
  | { readonly do: 'say'; readonly node: number; readonly to: number }
  | { readonly do: 'connect'; readonly node: number; readonly wish: number }
  | { readonly do: 'leave'; readonly which: number }
  | { readonly do: 'cut' | 'mend' | 'hold' | 'release'; readonly node: number }
  | { readonly do: 'beat' };

const node = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      node,
      topics: fc.array(fc.nat(2), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('say' as const), node, to: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('connect' as const), node, wish: fc.nat(WISHES.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(20) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cut' as const, 'mend' as const, 'hold' as const, 'release' as const),
      node,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('beat' as const) }) },
);

interface Person {
  readonly node: TestNode;
  readonly id: string;
  readonly user: string;
  readonly wishes: readonly string[];
  /** How many events there were when each subscription was confirmed, by its topic. */
  readonly since: Map<string, number>;
}

interface Said {
  readonly to: string;
  readonly text: string;
}

const wants = (topic: string, wish: string): boolean =>
  wish === topic || (wish === 'all-deals' && topic !== 'price-updates');

/** What has happened, by what those who made it happen were told. */
class Run {
  readonly cluster: TestCluster;
  readonly people: Person[] = [];
  readonly events: { readonly n: number; readonly topic: string }[] = [];
  readonly said: Said[] = [];
  #made = 0;

  constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  async take(given: Step): Promise<void> {
    switch (given.do) {
      case 'publish':
        return this.#publish(
          this.#node(given.node),
          given.topics.map((topic) => TOPICS[topic] as string),
        );
      case 'say':
        return this.#say(given.node, `user-${given.to}`);
      case 'connect':
        return this.#connect(this.#node(given.node), given.wish);
      case 'leave': {
        const [gone] = this.people.splice(given.which % Math.max(1, this.people.length), 1);
        if (gone !== undefined) await gone.node.disconnect(gone.id);
        return;
      }
      case 'beat':
        return this.cluster.beat();
      default:
        this.#node(given.node).bus[given.do]();
        return quiet();
    }
  }

  /** All is well again, for as long as it takes to make good what was missed. */
  async settle(): Promise<void> {
    for (const { bus } of this.cluster.nodes) {
      bus.release();
      bus.mend();
    }
    await quiet();
    await this.cluster.beat(2);
  }

  check(): void {
    for (const person of this.people) {
      const expected = this.events.filter(({ topic }, i) =>
        person.wishes.some((wish) => wants(topic, wish) && i >= (person.since.get(wish) ?? Number.POSITIVE_INFINITY)),
      );
      expect(person.node.numbers(person.id)).toEqual(expected.map(({ n }) => n));
      const mail = this.said.filter(({ to }) => to === person.user).map(({ text }) => text);
      expect(person.node.said(person.id)).toEqual(mail);
      expect(person.node.gateway.closedWith(person.id)).toBeUndefined();
    }
    for (const { events } of this.cluster.nodes) {
      expect(events.filter(({ name }) => name === 'order-broken' || name === 'log-anew')).toEqual([]);
    }
  }

  #node(number: number): TestNode {
    return this.cluster.nodes[number] as TestNode;
  }

  #next(): number {
    this.#made += 1;
    return this.#made;
  }

  async #publish(at: TestNode, topics: readonly string[]): Promise<void> {
    const events = topics.map((topic) => ({ n: this.#next(), topic }));
    const body = events.map(({ n, topic }) => ({ messageType: 'dealUpdate', topic, data: { n } }));
    const publishing = at.call('broadcast', body);
    await quiet();
    // A publisher waits for its own node; where that is held up, the next looks end the wait.
    for (let n = 0; n < 3; n += 1) await at.node.beat();
    const { status } = await publishing;
    if (status === 200) this.events.push(...events);
    else expect(status).toBe(503);
  }

  async #say(from: number, to: string): Promise<void> {
    const at = this.#node(from);
    const text = `m${this.#next()}`;
    await at.frame(
      `sender-${from}`,
      JSON.stringify({ action: 'sendMessage', data: { recipientId: to, content: text } }),
    );
    this.said.push({ to, text });
  }

  async #connect(at: TestNode, wish: number): Promise<void> {
    const id = `connection-${this.#next()}`;
    const wishes = WISHES[wish] as readonly string[];
    const user = `user-${wish % 3}`;
    if (!(await at.connect(id, user)).accepted) return;
    const since = new Map<string, number>();
    for (const topic of wishes) {
      const answer = await at.ask(id, 'subscribeToDeals', { topic });
      if (answer.type === 'subscriptionConfirmed') since.set(topic, this.events.length);
    }
    this.people.push({ node: at, id, user, wishes, since });
  }
}

const begin = async (passage?: () => Passage): Promise<Run> => {
  const cluster = await testCluster({ nodes: 3, ...(passage === undefined ? {} : { bus: { passage } }) });
  for (const [n, each] of cluster.nodes.entries()) await each.connect(`sender-${n}`, `sender-${n}`);
  return new Run(cluster);
};

/** A table whose answers take some turns of the event loop, another number each time. */
const slow = (table: Table, turns: () => number): Table => {
  const late =
    <A extends unknown[], T>(method: (...args: A) => T) =>
    async (...args: A): Promise<Awaited<T>> => {
      for (let n = turns(); n > 0; n -= 1) await undefined;
      const answer = await method(...args);
      for (let n = turns(); n > 0; n -= 1) await undefined;
      return answer;
    };
  return {
    get: late(table.get),
    put: late(table.put),
    putMany: late(table.putMany),
    append: late(table.append),
    head: late(table.head),
    delete: late(table.delete),
    query: late(table.query),
    sweep: late(table.sweep),
    check: late(table.check),
  };
};

describe('a cluster', () => {
  it('gives each event and message to each who is owed it, once and in order, whatever becomes of the bus', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.infiniteStream(fc.nat(5)),
        async (steps, chances) => {
          const run = await begin(() => (chances.next().value === 0 ? 'comes-twice' : 'arrives'));
          for (const each of steps) await run.take(each);
          await run.settle();
          run.check();
        },
      ),
      { numRuns: 150 },
    );
  });

  it('finds by itself what is lost without a sign', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(node, fc.boolean()), { maxLength: 40, size: 'max' }),
        fc.infiniteStream(fc.nat(3)),
        async (steps, chances) => {
          let isLossy = true;
          const run = await begin(() => (isLossy && chances.next().value === 0 ? 'is-lost' : 'arrives'));
          for (const at of [0, 1, 2]) await run.take({ do: 'connect', node: at, wish: 2 });
          for (const [at, says] of steps) {
            await run.take(says ? { do: 'say', node: at, to: 2 } : { do: 'publish', node: at, topics: [0, 1] });
          }
          isLossy = false;
          // What was lost last is found by the next message, or when the bus says that it was away.
          await run.take({ do: 'say', node: 0, to: 2 });
          await run.settle();
          run.check();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives the messages of a conversation in the order of their numbers, whichever nodes take them at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(node, fc.boolean()), { minLength: 2, maxLength: 24, size: 'max' }),
        fc.infiniteStream(fc.nat(30)),
        async (sends, delays) => {
          const cluster = await testCluster({ nodes: 3, table: (table) => slow(table, () => delays.next().value) });
          const [a, b, c] = cluster.nodes as [TestNode, TestNode, TestNode];
          await Promise.all([a.connect('a0', 'alice'), b.connect('a1', 'alice'), c.connect('a2', 'alice')]);
          await c.connect('b0', 'bob');
          await Promise.all(
            sends.map(([at, claims], n) => {
              const data = { recipientId: 'bob', content: `m${n}`, ...(claims ? { clientMessageId: `c${n}` } : {}) };
              return (cluster.nodes[at] as TestNode).frame(`a${at}`, JSON.stringify({ action: 'sendMessage', data }));
            }),
          );
          await quiet();
          const numbers = c
            .frames('b0')
            .flatMap(({ type, data }) => (type === 'messageReceived' ? data['sequence'] : []));
          expect(numbers).toEqual(sends.map((_, n) => n + 1));
          await a.connect('b1', 'bob');
          await quiet();
          const found = a
            .frames('b1')
            .flatMap(({ type, data }) => (type === 'messageReceived' ? data['sequence'] : []));
          expect(found).toEqual(numbers);
        },
      ),
      { numRuns: 60 },
    );
  });
});
