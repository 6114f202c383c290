import { expect } from 'vitest';
import { errorWith } from '../expectations.js';
import { onTargets } from '../suite.js';

onTargets('Connections of a user', { env: { AIDEALS_MAX_CONNECTIONS_PER_USER: '2' } }, (bench, check) => {
  check('[LIMIT-8] one past AIDEALS_MAX_CONNECTIONS_PER_USER is 429, until one closes', async () => {
    const user = bench.user();
    const first = await bench.open({ user });
    await bench.open({ user });
    const refused = await bench.dial({ user });
    expect(refused.head.status).toBe(429);
    expect(Number(refused.head.headers['retry-after'])).toBeGreaterThan(0);
    if (!refused.open) expect(JSON.parse(refused.body)).toEqual(errorWith('RATE_LIMIT_EXCEEDED'));
    await bench.open();
    await first.close();
    await bench.openSettled({ user });
    expect((await bench.dial({ user })).head.status).toBe(429);
  });

  check('[LIMIT-8][CONN-8] a take-over needs no place', async () => {
    const user = bench.user();
    await bench.open({ user });
    const older = await bench.open({ user, client: 'tab' });
    const newer = await bench.open({ user, client: 'tab' });
    expect(await older.closing()).toMatchObject({ code: 4010 });
    expect((await newer.ask('ping')).type).toBe('pong');
  });

  check('[LIMIT-8] dials that race for the last place get it once', async () => {
    const user = bench.user();
    const heads = (await Promise.all(Array.from({ length: 8 }, () => bench.dial({ user })))).map(
      ({ head }) => head.status,
    );
    expect(heads.filter((status) => status === 101)).toHaveLength(2);
    expect(heads.filter((status) => status === 429)).toHaveLength(6);
  });
});
