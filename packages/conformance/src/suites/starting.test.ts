import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freePort, freshFolder } from '../embedded.js';
import { linesWith } from '../expectations.js';
import { Session } from '../session.js';
import { onEmbedded, onStartable } from '../suite.js';
import { tokenFor } from '../tokens.js';

onStartable('Starting', (target, check) => {
  check(
    '[START-1] a wrong value stops the start with one line that names the variable',
    async () => {
      const wrong = {
        PORT: '99999',
        AIDEALS_MAX_CONNECTIONS: 'many',
        AIDEALS_TRUSTED_PROXIES: '10.0.0.0/33',
        JWT_ALGORITHM: 'none',
        AIDEALS_API_KEYS: 'no-colon',
      };
      const starts = Object.entries(wrong).map(async ([name, value]) => ({
        name,
        ...(await target.fail({ [name]: value })),
      }));
      for (const { name, code, output } of await Promise.all(starts)) {
        expect(code, `${name}: ${output}`).toBeGreaterThan(0);
        expect(linesWith(output, name), output).toHaveLength(1);
        expect(output).not.toMatch(/\n\s+at /);
      }
    },
    40_000,
  );

  check(
    '[START-1] an unknown AIDEALS_ name stops the start and the nearest right one is named',
    async () => {
      const { code, output } = await target.fail({ AIDEALS_MAX_CONECTIONS: '5' });
      expect(code).toBeGreaterThan(0);
      expect(linesWith(output, 'AIDEALS_MAX_CONECTIONS', 'AIDEALS_MAX_CONNECTIONS')).toHaveLength(1);
    },
    40_000,
  );

  check(
    '[START-2] a port that is taken stops the start with one line that names it',
    async () => {
      const port = await freePort();
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
      try {
        const { code, output } = await target.fail({ PORT: String(port) });
        expect(code).toBeGreaterThan(0);
        expect(linesWith(output, String(port)).length, output).toBeGreaterThanOrEqual(1);
        expect(output).not.toMatch(/\n\s+at /);
      } finally {
        holder.close();
      }
    },
    40_000,
  );

  check(
    '[START-5] in production a missing or short secret stops the start',
    async () => {
      const secrets = [undefined, '', 'test-secret', 'x'.repeat(31)];
      const starts = secrets.map((JWT_SECRET) => target.fail({ NODE_ENV: 'production', JWT_SECRET }));
      for (const { code, output } of await Promise.all(starts)) {
        expect(code, output).toBeGreaterThan(0);
        expect(linesWith(output, 'JWT_SECRET').length, output).toBeGreaterThanOrEqual(1);
      }
    },
    40_000,
  );

  check(
    '[START-5] elsewhere a missing secret is made and a short one taken, and the log says so',
    async () => {
      const made = await target.start({ JWT_SECRET: undefined });
      const short = await target.start({ JWT_SECRET: 'test-secret' });
      try {
        expect(made.process?.output()).toContain('JWT_SECRET');
        expect((await made.call('GET', '/ws?token=a')).status).toBe(401);
        expect(short.process?.output()).toContain('JWT_SECRET');
        const session = await Session.open(short.url, 'a', { path: `/?token=${tokenFor('test-secret', 'a')}` });
        expect((await session.ask('ping')).type).toBe('pong');
        session.raw.destroy();
      } finally {
        await made.stop();
        await short.stop();
      }
    },
    40_000,
  );
});

onEmbedded('The data folder', (target, check) => {
  check(
    '[START-3] a data folder that cannot be made stops the start with one line that names it',
    async () => {
      const folder = freshFolder();
      const file = join(folder, 'a-file');
      writeFileSync(file, 'not a folder');
      try {
        for (const path of [file, join(file, 'below')]) {
          const { code, output } = await target.fail({ AIDEALS_DATA_DIR: path });
          expect(code, output).toBeGreaterThan(0);
          expect(linesWith(output, path).length, output).toBeGreaterThanOrEqual(1);
          expect(output).not.toMatch(/\n\s+at /);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    40_000,
  );

  check(
    '[START-3] a data folder that holds something else is not taken over',
    async () => {
      const folder = freshFolder();
      mkdirSync(join(folder, 'data.mdb'), { recursive: true });
      try {
        const { code, output } = await target.fail({ AIDEALS_DATA_DIR: folder });
        expect(code, output).toBeGreaterThan(0);
        expect(output).not.toMatch(/\n\s+at /);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    40_000,
  );
});
