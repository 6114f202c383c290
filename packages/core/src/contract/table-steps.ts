import type { JsonObject } from '@aideals/protocol';
import fc from 'fast-check';
import { place } from '../ports/index.js';
import { anyObject } from './arbitraries.js';

/** What may happen to a table. A `ttl` is in seconds from now. */
export type Step =
  | {
      readonly do: 'put';
      readonly pk: string;
      readonly sk: string;
      readonly body: JsonObject;
      readonly ifAbsent: boolean;
      readonly ifVersion: 'any' | 'present' | 'past' | 'future';
      readonly ttl: number | undefined;
    }
  | {
      readonly do: 'putMany';
      readonly pk: string;
      readonly rows: readonly { readonly sk: string; readonly body: JsonObject; readonly ttl: number | undefined }[];
    }
  | {
      readonly do: 'append';
      readonly pk: string;
      readonly body: JsonObject;
      /** The place asked for, counted from the head. */
      readonly at: number | undefined;
      readonly ttl: number | undefined;
    }
  | { readonly do: 'delete'; readonly pk: string; readonly sk: string }
  | {
      readonly do: 'query';
      readonly pk: string;
      readonly after: string | undefined;
      readonly before: string | undefined;
      readonly limit: number;
      readonly reverse: boolean;
    }
  | { readonly do: 'sweep'; readonly limit: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'flush' };

export const PARTITIONS = ['a', 'ab', 'b'] as const;

const pk = fc.constantFrom(...PARTITIONS);
// Few, so that steps meet; in an order that differs between UTF-16 and UTF-8; some of them places of appended rows.
const sk = fc.constantFrom('a', 'a\u0001', 'aa', 'b', 'é', '\uffee', '😀', place(1), place(2), place(5));
const bound = fc.option(sk, { nil: undefined });
const ttl = fc.option(fc.integer({ min: -2, max: 5 }), { nil: undefined, freq: 2 });
const is = <T extends string>(name: T): fc.Arbitrary<T> => fc.constant(name);

const put = fc.record({
  do: is('put'),
  pk,
  sk,
  body: anyObject,
  ifAbsent: fc.boolean(),
  ifVersion: fc.constantFrom('any' as const, 'any' as const, 'present' as const, 'past' as const, 'future' as const),
  ttl,
});
const putMany = fc.record({
  do: is('putMany'),
  pk,
  rows: fc.array(fc.record({ sk, body: anyObject, ttl }), { maxLength: 4 }),
});
const append = fc.record({
  do: is('append'),
  pk,
  body: anyObject,
  at: fc.constantFrom(undefined, undefined, 1, 0, 2),
  ttl,
});
const remove = fc.record({ do: is('delete'), pk, sk });
const query = fc.record({
  do: is('query'),
  pk,
  after: bound,
  before: bound,
  limit: fc.integer({ min: 1, max: 4 }),
  reverse: fc.boolean(),
});
const sweep = fc.record({ do: is('sweep'), limit: fc.integer({ min: 1, max: 3 }) });
// Never back: a row that expired comes to sight again then, unless a sweep took it.
const advance = fc.record({ do: is('advance'), ms: fc.integer({ min: 0, max: 4_000 }) });

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: put },
    { weight: 1, arbitrary: putMany },
    { weight: 4, arbitrary: append },
    { weight: 2, arbitrary: remove },
    { weight: 3, arbitrary: query },
    { weight: 1, arbitrary: sweep },
    { weight: 2, arbitrary: advance },
    { weight: 1, arbitrary: fc.record({ do: is('flush') }) },
  ),
  { minLength: 1, maxLength: 40 },
);
