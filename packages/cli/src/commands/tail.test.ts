import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aideals, clean, SECRET, type Served, serve, start, temporary } from '../testing/command-line.js';

let server: Served;
let env: Record<string, string>;
let dataDir: string;

beforeAll(async () => {
  dataDir = join(temporary(), 'data');
  server = await serve({ AIDEALS_DATA_DIR: dataDir });
  env = { JWT_SECRET: SECRET, PORT: server.port };
});
afterAll(clean);

const publish = (topic: string, ...data: object[]) =>
  aideals(['publish', '--data', '--topic', topic], env, data.map((each) => `${JSON.stringify(each)}\n`).join(''));

/** Starts at the beginning of the log, by an id of no epoch: that it says so shows that it is subscribed. */
const follow = async (...args: string[]) => {
  const running = start(['tail', ...args, '--since', 'x-0'], env);
  await running.seen('stderr', /events were missed: the server’s log is another one than before/u);
  return running;
};

describe('aideals tail', () => {
  it('prints JSON lines in a pipe, those that match, and ends after --count', async () => {
    const running = await follow(
      'filtered',
      '--filters',
      '{"category":"electronics","minDiscount":20}',
      '--count',
      '2',
    );
    await publish(
      'filtered',
      { n: 1, category: 'electronics', discountPercentage: 35 },
      { n: 2, category: 'electronics', discountPercentage: 10 },
      { n: 3, category: 'garden', discountPercentage: 50 },
      { n: 4, category: 'electronics', discount: 20 },
    );
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    const frames = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(frames.map((frame) => frame.data.n)).toEqual([1, 4]);
    expect(frames[0]).toMatchObject({ type: 'dealUpdate', topic: 'filtered', id: expect.stringMatching(/^\w+-\d+$/u) });
  });

  it('begins after --since', async () => {
    const whole = await follow('since', '--count', '3');
    await publish('since', { n: 1 }, { n: 2 }, { n: 3 });
    const [first] = (await whole.ended).stdout.split('\n');
    const { id } = JSON.parse(first ?? '');
    const { stdout } = await aideals(['tail', 'since', '--since', id, '--count', '2'], env);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).data.n),
    ).toEqual([2, 3]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly at %s', async (signal) => {
    const running = await follow('quiet');
    running.child.kill(signal);
    expect(await running.ended).toMatchObject({ code: 0, stdout: '' });
  });

  it('ends cleanly when its reader has had enough', async () => {
    const running = await follow('piped');
    running.child.stdout.destroy();
    await publish('piped', { n: 1 }, { n: 2 });
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).not.toContain('EPIPE');
  });

  it.each([
    [['--filters', '{'], 2, /^aideals: --filters: is not JSON/u],
    [['--filters', '{"minDiscount":"20"}'], 2, /^aideals: --filters\.minDiscount: must be a finite number/u],
    [['--since', 'yesterday'], 2, /^aideals: --since: must be an id of the form/u],
    [['a b'], 2, /^aideals: topic: must be 1 to 128 characters/u],
    [['--count', 'x'], 2, /^aideals: --count x: /u],
  ])('fails in one line: %j', async (args, exitCode, line) => {
    const { code, stderr } = await aideals(['tail', ...args], env);
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('ends where the server refuses its token, and says so last', async () => {
    const { code, stderr } = await aideals(['tail', '--token', 'no.such.token'], env);
    expect(code).toBe(1);
    // A second dial may come before the answer to why the first one failed.
    const lines = stderr
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('aideals: no connection; again in'));
    expect(lines).toEqual([expect.stringMatching(/^aideals: .*token/u)]);
  });

  it('goes on over a restart of the server, without a gap', async () => {
    const own = join(temporary(), 'data');
    const first = await serve({ AIDEALS_DATA_DIR: own });
    const here = { JWT_SECRET: SECRET, PORT: first.port };
    const running = start(['tail', 'restart', '--count', '2', '--since', 'x-0'], here);
    await running.seen('stderr', /events were missed/u);
    await aideals(['publish', '--data', '--topic', 'restart'], here, '{"n":1}\n');
    await running.seen('stdout', /"n":1/u);
    first.child.kill('SIGTERM');
    await first.ended;
    await serve({ AIDEALS_DATA_DIR: own, PORT: first.port });
    await aideals(['publish', '--data', '--topic', 'restart'], here, '{"n":2}\n');
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).data.n),
    ).toEqual([1, 2]);
    expect(stderr.match(/events were missed/gu)).toHaveLength(1);
  });
});
