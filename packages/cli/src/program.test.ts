import { describe, expect, it } from 'vitest';
import { aideals } from './testing/command-line.js';

describe('aideals', () => {
  it('tells what there is', async () => {
    const { code, stdout } = await aideals(['--help']);
    expect(code).toBe(0);
    for (const name of ['serve', 'cluster', 'token', 'publish', 'tail', 'check-config'])
      expect(stdout).toContain(`  ${name} `);
  });

  it.each([[[]], [['sevre']], [['serve', '--prot', '1']], [['token']]])(
    'answers wrong use with exit code 2: %j',
    async (args) => {
      const { code, stdout, stderr } = await aideals(args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).not.toBe('');
    },
  );

  it('names the nearest command', async () => {
    expect((await aideals(['sevre'])).stderr).toContain('Did you mean serve?');
  });

  it('shows a stack only where debugging is asked for', async () => {
    const args = ['publish', '/no/such/file'];
    const env = { JWT_SECRET: 'a-secret-that-is-long-enough-for-hs256' };
    expect((await aideals(args, env)).stderr).not.toMatch(/\n\s+at /u);
    expect((await aideals(args, { ...env, AIDEALS_LOG_LEVEL: 'debug' })).stderr).toMatch(/\n\s+at /u);
  });
});
