import { describe, expect, it } from 'vitest';
import { aideals, SECRET } from '../testing/command-line.js';

describe('aideals check-config', () => {
  it('prints what would be served, secrets masked', async () => {
    const { code, stdout, stderr } = await aideals(['check-config'], {
      JWT_SECRET: SECRET,
      PORT: '4000',
      AIDEALS_API_KEYS: 'crawler:a-very-secret-key:publish',
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('PORT=4000\n');
    expect(stdout).toContain('HOST=127.0.0.1  # default\n');
    expect(stdout).not.toContain(SECRET);
    expect(stdout).not.toContain('a-very-secret-key');
  });

  it('warns of what would be served but should not stay', async () => {
    const { code, stderr } = await aideals(['check-config'], { JWT_SECRET: 'test-secret' });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: JWT_SECRET: has 11 bytes/u);
  });

  it('tells each problem in a line of its own', async () => {
    const { code, stdout, stderr } = await aideals(['check-config'], {
      JWT_SECRET: SECRET,
      PORT: '70000',
      AIDEALS_RATE_LIMIT: 'maybe',
      AIDEALS_OUTBOX_SOTF: '1',
    });
    expect([code, stdout]).toEqual([2, '']);
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(3);
    for (const name of ['PORT', 'AIDEALS_RATE_LIMIT', 'AIDEALS_OUTBOX_SOTF']) {
      expect(lines.filter((line) => line.startsWith(`${name}: `))).toHaveLength(1);
    }
    expect(stderr).toContain('did you mean AIDEALS_OUTBOX_SOFT?');
  });
});
