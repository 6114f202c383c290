import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aideals, clean, SECRET, type Served, serve, start, temporary } from '../testing/command-line.js';

let server: Served;
let env: Record<string, string>;

beforeAll(async () => {
  server = await serve({ AIDEALS_DATA_DIR: join(temporary(), 'data'), AIDEALS_API_KEYS: 'crawler:key-of-the-crawler' });
  env = { JWT_SECRET: SECRET, PORT: server.port };
});
afterAll(clean);

const event = (n: number): string => `${JSON.stringify({ data: { n }, topic: 'new-deals' })}\n`;
const events = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index)).join('');

/** A subscriber in a process of its own, that ends after `count` events. */
const tail = async (topic: string, count: number) => {
  const running = start(['tail', topic, '--count', String(count), '--since', 'x-0'], env);
  await running.seen('stderr', /events were missed/u);
  return {
    received: async () => {
      const { code, stdout } = await running.ended;
      expect(code).toBe(0);
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
  };
};

describe('aideals publish', () => {
  it('publishes a file in the order of its lines, and says how it went', async () => {
    const file = join(temporary(), 'deals.jsonl');
    writeFileSync(file, events(1, 250));
    const subscriber = await tail('new-deals', 250);
    const { code, stdout, stderr } = await aideals(['publish', file], env);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Published 250 events in 1 request and [\d.]+ s \([\d,]+ a second\); delivered 250 of 250 matches\.\n$/u,
    );
    const received = await subscriber.received();
    expect(received.map((frame) => frame.data.n)).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
  });

  it('publishes bare data from stdin to a topic', async () => {
    const subscriber = await tail('hot', 1);
    const { code, stdout } = await aideals(['publish', '-', '--data', '--topic', 'hot'], env, '{"title":"A deal"}\n');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Published 1 event in 1 request/u)]);
    expect(await subscriber.received()).toEqual([
      expect.objectContaining({ type: 'dealUpdate', topic: 'hot', data: { title: 'A deal' } }),
    ]);
  });

  it('publishes each line as it comes, without waiting for the end of a pipe', async () => {
    const subscriber = await tail('live', 2);
    const running = start(['publish', '--data', '--topic', 'live'], env);
    running.child.stdin.write('{"n":1}\n{"n":2}\n');
    expect((await subscriber.received()).map((frame) => frame.data.n)).toEqual([1, 2]);
    running.child.stdin.end();
    expect((await running.ended).code).toBe(0);
  });

  it('stops at a bad line, with its number, its field and exit code 1', async () => {
    const input = `${events(1, 2)}{"data":{},"topik":"x"}\n${event(4)}`;
    const { code, stdout, stderr } = await aideals(['publish'], env, input);
    expect([code, stderr]).toEqual([1, 'line 3: topik: unknown field; did you mean topic?\n']);
    expect(stdout).toMatch(/^Published 2 events .*; 1 bad line\.\n$/u);
  });

  it('sends the rest with --keep-going, also where it is the server that refuses a line', async () => {
    const tooLarge = JSON.stringify({ data: { text: 'x'.repeat(140_000) } });
    const input = `${event(1)}nonsense\n${event(3)}${tooLarge}\n${event(5)}`;
    const { code, stdout, stderr } = await aideals(['publish', '--keep-going'], env, input);
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^line 2: is not JSON/u),
      expect.stringMatching(/^line 4: /u),
    ]);
    expect(stdout).toMatch(/^Published 3 events .*; 2 bad lines\.\n$/u);
  });

  it('takes an API key in place of a token', async () => {
    const { code } = await aideals(['publish', '--api-key', 'key-of-the-crawler', '--url', server.url], {}, event(1));
    expect(code).toBe(0);
  });

  it.each([
    [['--token', 'no.such.token'], {}, 1, /^aideals: the server answered 401 AUTHENTICATION_ERROR/u],
    [['--url', 'deals'], {}, 2, /^aideals: --url deals: give an address/u],
    [['--batch', '0'], {}, 2, /^aideals: --batch 0: give a whole number from 1 to 10000/u],
    [['--topic', 'a b'], {}, 2, /^aideals: --topic: must be 1 to 128 characters/u],
    [['/no/such/file'], {}, 1, /^aideals: \/no\/such\/file: cannot be read/u],
    [['--token', 'a', '--api-key', 'b'], {}, 2, /give one of them/u],
  ])('fails in one line: %j', async (args, more, exitCode, line) => {
    const { code, stderr } = await aideals(['publish', ...args], { ...env, ...more }, event(1));
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('waits for a server that is away, and says so', async () => {
    const away = createServer().listen(0, '127.0.0.1');
    await once(away, 'listening');
    const { port } = away.address() as AddressInfo;
    away.close();
    const running = start(['publish', '--url', `http://127.0.0.1:${port}`, '--retry-for', '600s'], env);
    running.child.stdin.end(event(1));
    await running.seen('stderr', /ECONNREFUSED.*; again in [\d.]+ s\n/u);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect([code, stdout]).toEqual([130, expect.stringMatching(/^Published 0 events/u)]);
  });
});
