/** The guide's own test, unchanged: Python's client against a server on the guide's port, with the guide's secret. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start } from './child.mjs';

const PORT = 3001;

const portIsFree = () =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () =>
      reject(new Error(`port ${PORT}, which the guide's test names, is in use: end what listens there`)),
    );
    probe.listen(PORT, '127.0.0.1', () => probe.close(resolve));
  });

/** Asks with each line that the server writes, the last of which says that it listens. */
const ready = (server) =>
  new Promise((resolve, reject) => {
    server.child.stdout.on('data', async () => {
      const answer = await fetch(`http://127.0.0.1:${PORT}/readyz`).catch(() => undefined);
      if (answer?.ok) resolve();
    });
    server.ended.then(({ reason }) => reject(Object.assign(new Error(`aideals serve: ${reason}`), server)));
  });

export const guide = async () => {
  await portIsFree();
  const folder = mkdtempSync(join(tmpdir(), 'aideals-guide-'));
  const server = start(process.execPath, ['packages/cli/bin/aideals.js', 'serve'], {
    env: { JWT_SECRET: 'test-secret', PORT: String(PORT), AIDEALS_DATA_DIR: folder },
  });
  try {
    await ready(server);
    const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'examples/python'];
    const { stdout } = await run('/usr/bin/python3', args, { env: { PYTHONDONTWRITEBYTECODE: '1' }, seconds: 60 });
    const passed = Number(/(\d+) passed/u.exec(stdout)?.[1] ?? 0);
    if (passed === 0) throw Object.assign(new Error('pytest ran no test'), { output: stdout });
    return { passed, failed: 0 };
  } finally {
    server.stop();
    await server.ended;
    rmSync(folder, { recursive: true, force: true });
  }
};
