import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse.js';
import { settingList } from './settings.js';
import { configurationHelp, configurationTable, describeConfig } from './show.js';

const env = {
  JWT_SECRET: 'a-secret-of-more-than-thirty-two-bytes',
  AIDEALS_API_KEYS: 'crawler:topsecretkey',
  PORT: '0',
};

describe('the settings', () => {
  it('each have a name of their own, a text and an example that is accepted', () => {
    const names = settingList.map(([, setting]) => setting.env);
    expect(new Set(names).size).toBe(names.length);
    for (const [, setting] of settingList) {
      expect(setting.about).toMatch(/\.$/u);
      if (setting.env !== 'AIDEALS_JWT_PUBLIC_KEY') {
        expect(setting.type.schema.safeParse(setting.example), setting.env).toMatchObject({ success: true });
      }
    }
  });

  it('are all in the table and in the help', () => {
    const table = configurationTable();
    const help = configurationHelp();
    for (const [, { env: name }] of settingList) {
      expect(table).toContain(`| \`${name}\` |`);
      expect(help).toContain(`  ${name}  <`);
    }
    expect(table).toContain('| `PORT` | whole number | `3001` |');
  });

  it('are described with their secrets masked', () => {
    const parsed = parseConfig(env);
    if (!parsed.ok) throw new Error(parsed.problems.join());
    const lines = describeConfig(parsed.config, env).split('\n');
    expect(lines).toContain('JWT_SECRET=****');
    expect(lines).toContain('AIDEALS_API_KEYS=crawler:****:publish');
    expect(lines).toContain('PORT=0');
    expect(lines).toContain('HOST=127.0.0.1  # default');
    expect(lines).toContain('AIDEALS_JWKS_URL=  # not set');
    expect(lines.join()).not.toContain('topsecret');
  });
});
