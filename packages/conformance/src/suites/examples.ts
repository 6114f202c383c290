import { type ActionExample, actions, callList, type Json, type JsonObject } from '@aideals/protocol';
import { expect } from 'vitest';
import type { Bench } from '../bench.js';
import type { Session } from '../session.js';
import { onTargets } from '../suite.js';

type Names = Readonly<Record<string, string>>;

/** Puts the values of `$name` into every string of a JSON value. */
const fill = (value: Json, names: Names): Json => {
  if (typeof value === 'string') {
    return value.replace(/\$([A-Za-z]+)/g, (whole, name: string) => names[name] ?? whole);
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, names)]));
};

const at = (value: unknown, pointer: string): string => {
  const found = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
  if (typeof found !== 'string') throw new Error(`there is no string at ${pointer}`);
  return found;
};

/** Does what must have happened before the example, and gives what it names. */
const prepare = async (bench: Bench, example: ActionExample, session: Session): Promise<Names> => {
  const names: Record<string, string> = { self: session.userId };
  const call = async (name: string, body: Json): Promise<unknown> => {
    const contract = callList.find((known) => known.call === name);
    if (contract === undefined) throw new Error(`there is no call ${name}`);
    const answer = await bench.call(contract.method, contract.path, { body: fill(body, names) });
    expect(answer.status, answer.text).toBe(200);
    return answer.json;
  };
  for (const given of example.given ?? []) {
    const answer =
      'call' in given
        ? await call(given.call, given.body)
        : await session.ask(given.action, fill(given.data, names) as JsonObject);
    for (const [name, pointer] of Object.entries(given.keep)) names[name] = at(answer, pointer);
  }
  return names;
};

const run = async (bench: Bench, action: string, example: ActionExample): Promise<void> => {
  const session = await bench.open();
  const names = await prepare(bench, example, session);
  const answer = await session.ask(action, fill(example.data ?? {}, names) as JsonObject);
  const expected = fill(example.reply.data, names) as JsonObject;
  for (const field of example.varies ?? []) expected[field] = expect.anything() as unknown as Json;
  expect(answer).toMatchObject({ type: example.reply.type, data: expected });
};

onTargets('The examples of the contracts', {}, (bench, check) => {
  for (const { action, examples } of Object.values(actions)) {
    for (const example of examples as readonly ActionExample[]) {
      check(`[EX-1] ${action}: ${example.title}`, () => run(bench, action, example));
    }
  }
});
