import { afterEach, describe, expect, it } from 'vitest';
import { aideals, clean, SECRET, start } from '../testing/command-line.js';

afterEach(clean);

const isThere = (pid: string): boolean => {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
};

describe('aideals cluster', () => {
  it('runs nodes behind one port, shows one that is killed and comes back, and ends them all at Ctrl-C', async () => {
    const running = start(['cluster', '--nodes', '2', '--port', '0', '--restart'], { JWT_SECRET: SECRET });
    const [, url = ''] = await running.seen('stdout', /^aideals is ready at (http:\S+)$/mu);
    const [shown = ''] = await running.seen('stdout', /[\s\S]*^Ctrl-C/mu);
    const pids = [...shown.matchAll(/^ {2}(\S+) +process (\d+), /gmu)].map(([, name = '', pid = '']) => ({
      name,
      pid,
    }));
    expect(pids.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'redis-server', 'dynalite']);
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
    const [, token = ''] = /#token=(\S+)/u.exec(shown) ?? [];
    const mine = await fetch(`${url}/v1/notifications`, { headers: { authorization: `Bearer ${token}` } });
    expect(mine.status).not.toBe(401);

    process.kill(Number(pids[0]?.pid), 'SIGKILL');
    await running.seen('stdout', /^node-1 is gone \(SIGKILL\)/mu);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const [, again = ''] = await running.seen('stdout', /^node-1 is back: process (\d+)$/mu);

    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
    expect([...pids.map(({ pid }) => pid), again].filter(isThere)).toEqual([]);
  });

  it('says why a node cannot start in one line', async () => {
    const end = await aideals(['cluster', '--nodes', '1', '--port', '0'], { AIDEALS_HEARTBEAT_SECONDS: 'often' });
    expect(end.code).not.toBe(0);
    expect(end.stderr.split('\n').at(-2)).toMatch(/^aideals: AIDEALS_HEARTBEAT_SECONDS: /u);
  });

  it.each([
    ['--nodes', '0'],
    ['--nodes', 'many'],
    ['--port', '70000'],
  ])('refuses %s %s', async (option, value) => {
    const end = await aideals(['cluster', option, value]);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(option);
  });
});
