import { place, type Table } from '@aideals/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDynamo, startDynamo } from '../testing/dynamo.js';
import { cut, fault, IMPATIENT, type Interfered, interfere, times } from '../testing/interference.js';
import { DynamoClient } from './client.js';
import { DynamoUnavailable } from './faults.js';
import { dynamoTable } from './table.js';

const raise = (error: Error) => (): never => {
  throw error;
};

describe('rows on DynamoDB, when things go wrong', () => {
  let dynamo: LocalDynamo;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.stop());

  const clock = { now: () => Date.UTC(2026, 0, 1) };
  /** Two nodes that share tables. */
  const nodes = async (): Promise<{ a: Table; b: Table; ofA: Interfered }> => {
    const client = await dynamo.client({ patience: IMPATIENT });
    const other = new DynamoClient({ ...client, endpoint: dynamo.endpoint, environment: {} });
    return { a: dynamoTable(client, clock), b: dynamoTable(other, clock), ofA: interfere(client) };
  };
  const bodies = async (table: Table) => (await table.query('p', { limit: 100 })).map(({ sk, body }) => [sk, body]);
  const onHead = (act: () => void) => (sent: { operation: string; input: { Key?: { sk?: string } } }) => {
    if (sent.operation === 'UpdateItem' && sent.input.Key?.sk === 'head') act();
  };

  test('a write whose answer was lost is known again, and no other is taken for it', async () => {
    const { a, b, ofA } = await nodes();
    ofA.now({ after: times(1, raise(cut())) });
    const put = await a.put('p', 's', { by: 'a' }, { ifAbsent: true });
    expect(put).toMatchObject({ stored: true });
    const version = put.stored ? put.version : 0;
    expect(await b.get('p', 's')).toMatchObject({ version });
    ofA.now({ after: times(2, raise(cut())) });
    const next = await a.put('p', 's', { by: 'a2' }, { ifVersion: version });
    expect(next).toMatchObject({ stored: true });
    expect(await b.get('p', 's')).toMatchObject({ body: { by: 'a2' }, version: next.stored ? next.version : 0 });
    ofA.now({ before: times(1, raise(cut())) });
    await b.put('p', 't', { by: 'b' });
    expect(await a.put('p', 't', { by: 'a' }, { ifAbsent: true })).toEqual({ stored: false });
  });

  test('an append whose answer was lost stands there once', async () => {
    const { a, b, ofA } = await nodes();
    for (let n = 1; n <= 4; n++) {
      ofA.now({ after: times(n % 3, raise(cut())) });
      expect(await a.append('p', { n })).toMatchObject({ stored: true, seq: n });
    }
    expect(await bodies(b)).toEqual([1, 2, 3, 4].map((n) => [place(n), { n }]));
  });

  test('nothing is told to be stored that is not', async () => {
    const { a, b, ofA } = await nodes();
    ofA.now({ before: raise(fault('ThrottlingException')) });
    await expect(a.put('p', 's', {})).rejects.toThrow(DynamoUnavailable);
    await expect(a.append('p', {})).rejects.toThrow(DynamoUnavailable);
    await expect(a.delete('p', 's')).rejects.toThrow(DynamoUnavailable);
    await expect(a.check()).rejects.toThrow(DynamoUnavailable);
    ofA.now();
    expect(await bodies(b)).toEqual([]);
    await a.check();
  });

  test('an append that died before the head moved is not confirmed, and the next ones go past it', async () => {
    const { a, b, ofA } = await nodes();
    await a.append('p', { n: 1 });
    ofA.now({ before: onHead(raise(cut())) });
    await expect(a.append('p', { n: 2 })).rejects.toThrow(DynamoUnavailable);
    expect(await b.head('p')).toBe(1);
    // Whoever means its place, or the one behind it, moves the head over it first.
    expect(await b.append('p', {}, { at: 2 })).toEqual({ stored: false });
    expect(await b.head('p')).toBe(2);
    ofA.now();
    expect(await a.append('p', { n: 3 })).toMatchObject({ seq: 3 });
    ofA.now({ before: onHead(raise(cut())) });
    await expect(a.append('p', { n: 4 })).rejects.toThrow(DynamoUnavailable);
    expect(await b.append('p', { n: 5 }, { at: 6 })).toEqual({ stored: false });
    expect(await b.append('p', { n: 5 }, { at: 5 })).toMatchObject({ stored: true, seq: 5 });
    ofA.now();
    expect(await a.append('p', { n: 6 })).toMatchObject({ seq: 6 });
    expect((await bodies(a)).map(([sk]) => sk)).toEqual([1, 2, 3, 4, 5, 6].map(place));
  });

  test('a number is not given again by who saw the head long ago, also where its row was deleted', async () => {
    const { a, b } = await nodes();
    expect(await a.append('p', { by: 'a' })).toMatchObject({ seq: 1 });
    expect(await b.append('p', { by: 'b' })).toMatchObject({ seq: 2 });
    await b.delete('p', place(2));
    expect(await b.get('p', place(2))).toBeUndefined();
    expect(await a.append('p', { by: 'a' })).toMatchObject({ seq: 3 });
    expect(await a.append('p', { by: 'a' }, { at: 3 })).toEqual({ stored: false });
    // The place is free for a put all the same.
    expect(await b.put('p', place(2), { again: true }, { ifAbsent: true })).toMatchObject({ stored: true });
    expect(await bodies(a)).toEqual([
      [place(1), { by: 'a' }],
      [place(2), { again: true }],
      [place(3), { by: 'a' }],
    ]);
  });

  test('many nodes append densely, and each number once', async () => {
    const { a, b } = await nodes();
    const appended = await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? a : b).append('p', { n })));
    const seqs = appended.map((answer) => (answer.stored ? answer.seq : 0));
    expect(seqs.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    for (const [n, seq] of seqs.entries()) expect((await a.get('p', place(seq)))?.body).toEqual({ n });
  });
});
