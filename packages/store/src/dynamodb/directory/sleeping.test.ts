import type { ConnectionRecord, Subscription } from '@aideals/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalDynamo, startDynamo } from '../../testing/dynamo.js';
import type { DynamoClient } from '../client.js';
import { dynamoDirectory } from './directory.js';
import { connectionKey, filtersPk } from './keys.js';

const START = 1_764_039_600_000;
const SECONDS = START / 1_000;

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

const world = async () => {
  const client = await dynamo.client();
  let now = START;
  const clock = { now: () => now };
  const gone: string[] = [];
  const directoryOf = (over: DynamoClient = client) =>
    dynamoDirectory(over, clock, { closed: ({ connectionId }) => gone.push(connectionId) });
  return {
    ...{ client, gone, directoryOf },
    directory: directoryOf(),
    /** Moves the time to so many seconds after the start. */
    at(seconds: number): void {
      now = START + seconds * 1_000;
    },
  };
};

const record = (connectionId: string, change: Partial<ConnectionRecord> = {}): ConnectionRecord => ({
  connectionId,
  userId: 'ann',
  connectedAt: START,
  tokenExp: SECONDS + 3_600,
  firstSignIn: SECONDS,
  scopes: [],
  ip: '192.0.2.1',
  ...change,
});

const wish = (subscriptionId: string, filters: Subscription['filters'] = {}): Subscription => ({
  subscriptionId,
  topic: 'deals',
  filters,
});

type Directory = ReturnType<typeof dynamoDirectory>;

const receivers = async (directory: Directory, attributes = {}): Promise<string[]> => {
  const candidates = [...(await directory.candidates('deals', attributes))];
  return candidates.flatMap(({ connectionIds }) => [...connectionIds]).sort();
};

const itemsOf = (client: DynamoClient, table: keyof DynamoClient['tables'], pk: string) =>
  client.queryAll({
    TableName: client.tables[table],
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
  });

describe('a hand-over', () => {
  it('is begun by one of those who ask, and again by the same', async () => {
    const { directory } = await world();
    await directory.open(record('c'), 'm');
    expect(await directory.load('c')).toEqual({ record: record('c'), handover: 'due' });
    const begun = await Promise.all(['a', 'b', 'c', 'd'].map((by) => directory.beginHandover('c', by)));
    expect(begun.filter(Boolean)).toHaveLength(1);
    const winner = ['a', 'b', 'c', 'd'][begun.indexOf(true)] as string;
    expect(await directory.beginHandover('c', winner)).toBe(true);
    expect(await directory.load('c')).toMatchObject({ handover: 'begun' });
    await directory.unmark('c', 'm');
    expect(await directory.load('c')).toMatchObject({ handover: 'ended' });
    expect(await directory.beginHandover('c', winner)).toBe(false);
  });

  it('that was left or cut off is due again', async () => {
    const { directory, at } = await world();
    await directory.open(record('c'), 'm');
    await directory.beginHandover('c', 'a');
    await directory.leaveHandover('c', 'other');
    expect(await directory.load('c')).toMatchObject({ handover: 'begun' });
    await directory.leaveHandover('c', 'a');
    expect(await directory.load('c')).toMatchObject({ handover: 'due' });
    expect(await directory.beginHandover('c', 'b')).toBe(true);
    at(60);
    expect(await directory.load('c')).toMatchObject({ handover: 'due' });
    expect(await directory.beginHandover('c', 'a')).toBe(true);
  });

  it('of who is gone is no one’s', async () => {
    const { directory, client } = await world();
    expect(await directory.load('c')).toBeUndefined();
    expect(await directory.beginHandover('c', 'a')).toBe(false);
    await directory.leaveHandover('c', 'a');
    expect(await itemsOf(client, 'aideals', 'conn#c')).toEqual([]);
  });
});

describe('an expired token', () => {
  it('is known before a sweep has noted it: nothing is sent, and a refresh ends that', async () => {
    const { directory, at } = await world();
    await directory.open(record('c'), 'm');
    await directory.unmark('c', 'm');
    await directory.subscribe('c', wish('s'), 9);
    expect([await directory.remark('c', 'm2'), await receivers(directory)]).toEqual([false, ['c']]);
    at(3_600);
    expect(await directory.get('c')).toMatchObject({ expired: true });
    expect(await receivers(directory)).toEqual([]);
    // Who sends stores, and leaves a mark for the hand-over that the refresh begins.
    expect(await directory.remark('c', 'm2')).toBe(true);
    expect(await directory.markOf('c')).toBe('m2');
    await directory.patch('c', { tokenExp: SECONDS + 7_000, expired: false });
    expect(await directory.get('c')).toEqual(record('c', { tokenExp: SECONDS + 7_000 }));
    expect(await receivers(directory)).toEqual(['c']);
  });
});

describe('a connection past its time', () => {
  it('is not there, though its rows are', async () => {
    const { directory, at } = await world();
    await directory.open(record('c', { tokenExp: SECONDS + 90_000 }), 'm');
    await directory.subscribe('c', wish('s'), 9);
    at(7_499);
    expect([await directory.count(), await receivers(directory)]).toEqual([1, ['c']]);
    at(7_500);
    expect(await directory.get('c')).toBeUndefined();
    expect(await directory.ofUser('ann')).toEqual([]);
    expect(await receivers(directory)).toEqual([]);
    expect(await directory.subscribe('c', wish('s2'), 9)).toEqual({ outcome: 'gone' });
    at(7_700);
    expect(await directory.count()).toBe(0);
  });
});

/** A client whose puts go another way. */
const putting = (client: DynamoClient, put: DynamoClient['put']): DynamoClient =>
  new Proxy(client, {
    get: (target, name) => {
      if (name === 'put') return put;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

describe('what was cut off', () => {
  it('between the rows of a deletion is completed by the next', async () => {
    const { directory, client } = await world();
    await directory.open(record('c'), 'm');
    await directory.subscribe('c', wish('s'), 9);
    await client.delete({ TableName: client.tables.aideals, Key: connectionKey('c') });
    expect(await directory.ofUser('ann')).toEqual([]);
    expect(await itemsOf(client, 'aideals', 'user#ann')).toEqual([]);
    expect(await directory.close('c')).toBe(false);
    expect(await receivers(directory)).toEqual([]);
    expect(await itemsOf(client, 'aideals', 'conn#c')).toEqual([]);
  });

  it('between the rows of a subscription is completed by its repeat', async () => {
    const { directory, directoryOf, client } = await world();
    await directory.open(record('c'), 'm');
    const cut = putting(client, (input) =>
      input.TableName === client.tables.subscriptions ? Promise.reject(new Error('cut')) : client.put(input),
    );
    await expect(directoryOf(cut).subscribe('c', wish('s'), 9)).rejects.toThrow('cut');
    expect(await receivers(directory)).toEqual([]);
    expect(await directory.subscribe('c', wish('again'), 9)).toEqual({ outcome: 'present', subscription: wish('s') });
    expect(await receivers(directory)).toEqual(['c']);
  });

  it('by a close in the midst of a subscription leaves nothing', async () => {
    const { directory, directoryOf, client } = await world();
    await directory.open(record('c'), 'm');
    const late = putting(client, async (input) => {
      if (input.TableName === client.tables.subscriptions) await directory.close('c');
      return client.put(input);
    });
    expect(await directoryOf(late).subscribe('c', wish('s'), 9)).toEqual({ outcome: 'gone' });
    expect(await receivers(directory)).toEqual([]);
    expect(await itemsOf(client, 'aideals', 'conn#c')).toEqual([]);
  });
});

describe('many at once', () => {
  it('never have more subscriptions than they may', async () => {
    const { directory } = await world();
    await directory.open(record('c'), 'm');
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => directory.subscribe('c', wish(`s${n}`, { n }), 3)));
    const kept = await directory.subscriptions('c');
    expect(kept.length).toBeLessThanOrEqual(3);
    for (const { filters } of kept) expect(await receivers(directory, filters)).toEqual(['c']);
  });

  it('take equal filters for one subscription', async () => {
    const { directory, client } = await world();
    await directory.open(record('c'), 'm');
    const made = await Promise.all([1, 2, 3, 4].map((n) => directory.subscribe('c', wish(`s${n}`), 9)));
    expect(made.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(await directory.subscriptions('c')).toHaveLength(1);
    const [{ hash } = { hash: '' }] = (await itemsOf(client, 'aideals', filtersPk('deals'))).map(({ sk }) => ({
      hash: sk,
    }));
    expect(await itemsOf(client, 'subscriptions', `deals#${hash}#0`)).toHaveLength(1);
  });

  it('end and ask for the same: what is asked for last stands, and ends with its connection', async () => {
    const { directory, directoryOf, client } = await world();
    await directory.open(record('c'), 'm');
    await directory.subscribe('c', wish('first'), 9);
    let batches = 0;
    const crossed = new Proxy(client, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== 'batchWrite') return typeof value === 'function' ? value.bind(target) : value;
        return async (...given: Parameters<DynamoClient['batchWrite']>) => {
          await client.batchWrite(...given);
          batches += 1;
          if (batches > 1) return;
          // Between the two rows of what ends, another invocation ends it too, and a third asks for the same.
          await directory.unsubscribe('c', 'first');
          await directory.subscribe('c', wish('second'), 9);
        };
      },
    });
    await directoryOf(crossed).unsubscribe('c', 'first');
    expect(await directory.subscriptions('c')).toEqual([wish('second')]);
    expect(await receivers(directory)).toEqual(['c']);
    await directory.close('c');
    expect(await receivers(directory)).toEqual([]);
  });

  it('of one connection close it once', async () => {
    const { directory, gone } = await world();
    await directory.open(record('c'), 'm');
    const closed = await Promise.all([1, 2, 3, 4].map(() => directory.close('c')));
    expect([closed.filter(Boolean).length, gone, await directory.count()]).toEqual([1, ['c'], 0]);
  });
});

describe('a crowd that asks for the same', () => {
  it('is spread over more partitions, and found in all of them', async () => {
    const { directory, client } = await world();
    await directory.open(record('first'), 'm');
    await directory.subscribe('first', wish('s'), 9);
    const [row] = await itemsOf(client, 'aideals', filtersPk('deals'));
    const pk = `deals#${row?.['sk']}#0`;
    const others = Array.from({ length: 1_000 }, (_, n) => ({
      put: { pk, sk: `c${n}#s`, connectionId: `c${n}`, tokenExp: SECONDS + 60, ttl: SECONDS + 60 },
    }));
    await client.batchWrite(client.tables.subscriptions, others);
    expect(await receivers(directory)).toHaveLength(1_001);
    expect((await itemsOf(client, 'aideals', filtersPk('deals')))[0]).toMatchObject({ shards: 2 });
    for (let n = 0; n < 12; n += 1) {
      await directory.open(record(`late-${n}`), 'm');
      await directory.subscribe(`late-${n}`, wish(`l${n}`), 9);
    }
    const second = await itemsOf(client, 'subscriptions', pk.replace(/0$/u, '1'));
    expect(second.length).toBeGreaterThan(0);
    expect(second.length).toBeLessThan(12);
    expect(await receivers(directory)).toHaveLength(1_013);
  });
});

describe('the row of a filter', () => {
  it('is renewed by who subscribes when it would end before them', async () => {
    const { directory, client, at } = await world();
    const ends = async (): Promise<unknown> => (await itemsOf(client, 'aideals', filtersPk('deals')))[0]?.['ttl'];
    for (const [id, seconds] of [
      ['a', 0],
      ['b', 10_000],
      ['c', 12_000],
    ] as const) {
      at(seconds);
      const times = { connectedAt: START + seconds * 1_000, tokenExp: SECONDS + 90_000 };
      await directory.open(record(id, times), 'm');
      await directory.subscribe(id, wish(`s-${id}`), 9);
      expect(await ends()).toBe(SECONDS + (id === 'c' ? 12_000 : 0) + 21_600);
    }
    expect(await receivers(directory)).toEqual(['b', 'c']);
    at(40_000);
    expect(await receivers(directory)).toEqual([]);
  });
});

describe('what publishers have read', () => {
  it('serves all events of one append, and no later one', async () => {
    const { directory, directoryOf } = await world();
    const publisher = directoryOf();
    await directory.open(record('a'), 'm');
    await directory.open(record('b'), 'm');
    await directory.subscribe('a', wish('s', { n: 1 }), 9);
    publisher.readAnew();
    expect(await receivers(publisher, { n: 1 })).toEqual(['a']);
    await directory.subscribe('b', wish('s', { n: 1 }), 9);
    await directory.subscribe('b', wish('t', { n: 2 }), 9);
    expect([await receivers(publisher, { n: 1 }), await receivers(publisher, { n: 2 })]).toEqual([['a'], []]);
    publisher.readAnew();
    expect([await receivers(publisher, { n: 1 }), await receivers(publisher, { n: 2 })]).toEqual([['a', 'b'], ['b']]);
  });
});
