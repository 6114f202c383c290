import type { ServerFrame } from '@aideals/protocol';
import { expect } from 'vitest';
import type { Bench } from './bench.js';
import type { Dialled, RawClient } from './raw-client.js';

/** A string field of a frame's data. */
export const str = (frame: ServerFrame, field: string): string => {
  const value = frame.data[field];
  if (typeof value !== 'string') throw new Error(`${frame.type} has no ${field}: ${JSON.stringify(frame.data)}`);
  return value;
};

/** The offset of an event's id. */
export const offsetOf = (id: string | undefined): number => Number(/-(\d+)$/.exec(id ?? '')?.[1] ?? Number.NaN);

export const epochOf = (id: string): string => id.slice(0, id.lastIndexOf('-'));

/** What an error frame, or the body of an HTTP error, must hold. */
export const errorWith = (code: string, ...paths: readonly string[]) =>
  expect.objectContaining({
    type: 'error',
    timestamp: expect.any(Number),
    data: expect.objectContaining({
      code,
      message: expect.any(String),
      ...(paths.length === 0
        ? {}
        : {
            details: expect.objectContaining({
              fields: expect.arrayContaining(
                paths.map((path) => expect.objectContaining({ path, message: expect.any(String) })),
              ),
            }),
          }),
    }),
  });

/** What every error over HTTP holds, whatever its code. */
export const httpError = {
  type: 'error',
  data: { code: expect.any(String), message: expect.any(String) },
  timestamp: expect.any(Number),
};

/** The client of a dial that must succeed. */
export const clientOf = (dialled: Dialled): RawClient => {
  if (!dialled.open) throw new Error(`refused: ${dialled.head.status} ${dialled.body}`);
  return dialled.client;
};

/** The answer to a dial that must be refused. */
export const refusalOf = (dialled: Dialled) => {
  if (dialled.open) throw new Error('the upgrade succeeded');
  return { ...dialled.head, json: JSON.parse(dialled.body) as unknown };
};

/** What an upgrade with this token is answered with. */
export const statusOf = async (bench: Bench, token: string): Promise<number> =>
  (await bench.dial({ path: '/', headers: { Authorization: `Bearer ${token}` } })).head.status;

/** What a publish tells of so many receivers. One node of several counts its own connections alone. */
export const receivers = (bench: Bench, count: number) => {
  if (bench.target.nodes === 1) return { total: count, delivered: count };
  const some = expect.toSatisfy((told: unknown) => typeof told === 'number' && told >= 0 && told <= count);
  return { total: some, delivered: some };
};

export const broadcast = (bench: Bench, body: unknown, headers: Record<string, string> = {}) =>
  bench.call('POST', '/v1/broadcast', { body, headers });

/** The lines of an output that hold all these words. */
export const linesWith = (output: string, ...words: readonly string[]): readonly string[] =>
  output.split('\n').filter((line) => words.every((word) => line.includes(word)));
