import { request } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Line, LineIntake } from '@aideals/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEY, type TestServer, testServer } from '../testing/test-server.js';
import { takeLines } from './lines.js';

const done = { status: 200, body: '{}' };

const intake = (take: (lines: readonly Line[]) => Promise<undefined | typeof done>): LineIntake => ({
  take,
  end: () => done,
});

const numbers = (lines: readonly Line[]): number[] => lines.map(({ number }) => number);

describe('lines as they come', () => {
  it('go out with each chunk, and under a key at bounds of their own', async () => {
    const lists: number[][] = [];
    const keep = intake(async (lines) => {
      lists.push(numbers(lines));
      return undefined;
    });
    for (const isKeyed of [false, true]) {
      const body = new PassThrough();
      const taken = takeLines(body, keep, { maxBytes: 100, isKeyed });
      body.write('{}\n{');
      await new Promise((resolve) => setImmediate(resolve));
      body.end('}\n\n{}');
      expect(await taken).toBe(done);
    }
    expect(lists).toEqual([[1], [2], [4], [1, 2, 4]]);
  });

  it('are read no further while a list is under way', async () => {
    let release = (): void => undefined;
    const seen: number[] = [];
    const slow = intake(
      (lines) =>
        new Promise((resolve) => {
          seen.push(lines.length);
          release = () => resolve(undefined);
        }),
    );
    const body = new PassThrough({ highWaterMark: 64 });
    const taken = takeLines(body, slow, { maxBytes: 100, isKeyed: false });
    const chunk = '{}\n'.repeat(20);
    body.write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
    // What comes now waits in the stream, which says when it is full.
    let written = 2;
    while (body.write(chunk) && written < 10) written += 1;
    expect(written).toBeLessThan(10);
    expect(seen).toEqual([20]);
    body.end();
    while (seen.reduce((sum, each) => sum + each, 0) < written * 20) {
      release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    release();
    expect(await taken).toBe(done);
  });

  it('that come after the end are dropped, within a bound', async () => {
    const body = new PassThrough();
    const taken = takeLines(
      body,
      intake(async () => done),
      { maxBytes: 100, isKeyed: false },
    );
    const chunk = '{}\n'.repeat(100_000);
    for (let n = 0; n < 20; n += 1) body.write(chunk);
    expect(await taken).toBe(done);
    expect(body.destroyed).toBe(false);
  });
});

describe('POST /v1/broadcast with lines', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer({ AIDEALS_MAX_BODY_BYTES: '4096' });
  });
  afterAll(() => server.stop());

  const headers = { 'x-api-key': KEY, 'content-type': 'application/x-ndjson; charset=utf-8' };
  const post = async (body: string, path = '/v1/broadcast', more: Record<string, string> = {}) => {
    const response = await server.fetch(path, { method: 'POST', headers: { ...headers, ...more }, body });
    return { status: response.status, json: (await response.json()) as Record<string, never> };
  };
  const line = (n: number): string => `${JSON.stringify({ topic: 'lines', data: { n } })}\n`;

  it('takes more than one body may hold', async () => {
    const body = Array.from({ length: 1_000 }, (_, n) => line(n)).join('');
    expect(body.length).toBeGreaterThan(4_096 * 5);
    expect(await post(body)).toMatchObject({ status: 200, json: { published: 1_000, failed: 0 } });
  });

  it('names a line that is too long, and goes on where it is told to', async () => {
    const body = `${line(1)}{"data":{"text":"${'x'.repeat(5_000)}"}}\n${line(3)}`;
    expect(await post(body)).toMatchObject({
      status: 400,
      json: { data: { message: 'line 2: is longer than 4096 bytes', details: { line: 2, published: 1 } } },
    });
    expect(await post(body, '/v1/broadcast?keepGoing=true')).toMatchObject({
      status: 200,
      json: { published: 2, failed: 1, errors: [{ line: 2 }] },
    });
  });

  it('answers early where the sender is not let in, or is wrong, though more is on its way', async () => {
    const early = (more: Record<string, string>, first: string) =>
      new Promise<number>((resolve, reject) => {
        const asked = request(`${server.url}/v1/broadcast`, { method: 'POST', headers: { ...headers, ...more } });
        asked.on('response', (answer) => {
          answer.resume();
          asked.destroy();
          resolve(answer.statusCode ?? 0);
        });
        asked.on('error', reject);
        asked.write(first);
      });
    expect(await early({ 'x-api-key': 'wrong' }, line(1))).toBe(401);
  });

  it('is a type of that call alone, and not compressed', async () => {
    expect((await post(line(1), '/v1/notifications')).status).toBe(415);
    expect((await post(line(1), '/v1/broadcast', { 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post('\n\n')).status).toBe(400);
  });
});
