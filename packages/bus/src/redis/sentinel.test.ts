import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { TestBench, told } from '../testing/redis.js';
import { startSentinel } from '../testing/sentinel.js';

const bench = new TestBench();
afterEach(() => bench.closeNodes());
afterAll(() => bench.close());

describe('a bus whose master is found by sentinels', () => {
  it('follows the master, and says which name is wrong', async () => {
    const password = 'word';
    const args = ['--masterauth', password, '--repl-diskless-sync-delay', '0'];
    const master = await bench.server({ password, args });
    const replica = await bench.server({ password, args: [...args, '--replicaof', `127.0.0.1 ${master.port}`] });
    // A sentinel asks for replicas at its start, and then every ten seconds.
    while (!/state=online/u.test(String(await master.command('INFO', 'replication'))));
    const { port, child } = await startSentinel(bench.folder, 'deals', master);
    try {
      // The first that is named is not there.
      const url = (name: string): string => `redis-sentinel://:${password}@127.0.0.1:1,127.0.0.1:${port}/${name}`;
      await expect(bench.node({ url: url('other') })).rejects.toThrow(
        /^AIDEALS_REDIS_URL: .*no sentinel knows a master other$/u,
      );
      const { bus, state } = await bench.node({ url: url('deals') });
      const resets = told<void>();
      bus.onReset(resets.tell);
      await bus.subscribe('c', () => undefined);
      expect(await bus.publish('c', Buffer.from('m'))).toBe(1);
      const over = child.seen(/\+switch-master/u);
      await master.kill();
      await over;
      expect(await state()).toBeInstanceOf(Error);
      await resets.next();
      expect(await bus.publish('c', Buffer.from('m'))).toBe(1);
      expect(await bus.health()).toEqual({ ok: true });
      expect(await replica.command('ROLE')).toEqual(['master', expect.any(Number), []]);
    } finally {
      await child.kill();
    }
  });
});
