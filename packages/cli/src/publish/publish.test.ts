import type { JsonObject } from '@aideals/protocol';
import { describe, expect, it } from 'vitest';
import { UserError } from '../user-error.js';
import { emptyTally } from './progress.js';
import { publish } from './publish.js';
import { Refusal, type Sender } from './sender.js';

type Judge = (events: readonly JsonObject[]) => Refusal | undefined;

const receipt = (published: number) => ({ published, delivered: 2 * published, total: 3 * published });

const run = async (
  text: string,
  judge: Judge = () => undefined,
  given: { keepGoing?: boolean; batch?: number } = {},
) => {
  const lists: unknown[][] = [];
  const said: string[] = [];
  const sender: Sender = {
    send: async (jsons) => {
      const events = jsons.map((json) => JSON.parse(json) as JsonObject);
      const refusal = judge(events);
      const taken = events.slice(0, refusal?.wrong?.index);
      if (refusal?.wrong?.index !== 0) lists.push(taken.map((event) => (event['data'] as JsonObject)['n']));
      if (refusal) throw refusal;
      return receipt(events.length);
    },
  };
  const source = async function* () {
    yield Buffer.from(text);
  };
  const tally = emptyTally();
  const options = { bare: false, topic: undefined, batch: given.batch ?? 100, keepGoing: given.keepGoing ?? false };
  const report = { say: (line: string) => void said.push(line), update: () => undefined };
  await publish(source(), options, sender, report, tally);
  return { lists, said, tally };
};

const line = (n: number): string => `{"data":{"n":${n}}}\n`;
const lines = (...ns: number[]): string => ns.map(line).join('');
/** As the server does: publishes what stands before the first that is wrong, and names that one. */
const refuses = (...wrong: number[]): Judge => {
  return (events) => {
    const index = events.findIndex((event) => wrong.includes(Number((event['data'] as JsonObject)['n'])));
    if (index < 0) return undefined;
    return new Refusal(413, 'too large', { index, problem: 'data: too large', before: receipt(index) });
  };
};

describe('publishing lines', () => {
  it('sends all of them in their order and counts', async () => {
    const { lists, tally } = await run(lines(1, 2, 3, 4, 5), undefined, { batch: 2 });
    expect(lists).toEqual([[1, 2], [3, 4], [5]]);
    expect(tally).toEqual({ published: 5, delivered: 10, matched: 15, requests: 3, badLines: 0 });
  });

  it('stops at a bad line, after what stands before it', async () => {
    const { lists, said, tally } = await run(`${lines(1, 2)}oops\n${lines(4)}`);
    expect(lists).toEqual([[1, 2]]);
    expect(said).toEqual([expect.stringMatching(/^line 3: is not JSON/u)]);
    expect(tally).toMatchObject({ published: 2, badLines: 1 });
  });

  it('goes on after it where it is told to', async () => {
    const { lists, said, tally } = await run(`${lines(1)}oops\n${lines(3)}{"data":1}\n`, undefined, {
      keepGoing: true,
    });
    expect(lists).toEqual([[1, 3]]);
    expect(said.map((text) => text.slice(0, 7))).toEqual(['line 2:', 'line 4:']);
    expect(tally).toMatchObject({ published: 2, badLines: 2 });
  });

  it('sends what stands before an event that the server refuses, and names its line', async () => {
    const { lists, said, tally } = await run(lines(1, 2, 3, 4), refuses(3));
    expect(lists).toEqual([[1, 2]]);
    expect(said).toEqual(['line 3: data: too large']);
    expect(tally).toMatchObject({ published: 2, badLines: 1 });
  });

  it('leaves out those that the server refuses where it goes on', async () => {
    const { lists, said } = await run(`\n${lines(1, 2, 3, 4, 5)}`, refuses(1, 3, 5), { keepGoing: true });
    expect(lists).toEqual([[2], [4]]);
    expect(said).toEqual(['line 2: data: too large', 'line 4: data: too large', 'line 6: data: too large']);
  });

  it('quotes no line in a way that would move the cursor', async () => {
    const { said } = await run('\u001b[2J');
    expect(said.join()).toMatch(/^line 1: is not JSON: /u);
    expect(said.join()).not.toContain('\u001b');
  });

  it('ends with one line when the server refuses the publisher', async () => {
    const refusal = new Refusal(403, 'the server answered 403 AUTHORIZATION_ERROR: no');
    await expect(run(lines(1), () => refusal)).rejects.toThrow(new UserError(refusal.message));
  });
});
