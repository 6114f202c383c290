import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.mjs';

export const SECRET = 'the-secret-of-this-benchmark-and-nothing-else';
const ROOT = new URL('../../', import.meta.url);

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token that a server of `startAideals` takes, for ten minutes. */
export function token(sub, scope) {
  const claims = { sub, exp: Math.floor(Date.now() / 1000) + 600, ...(scope === undefined ? {} : { scope }) };
  const body = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`;
  return `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`;
}

/**
 * Starts the built server on core 0 over a data folder: as `aideals serve` does, or by another script that prints the same
 * line when it is ready. The answer has its HTTP and WebSocket addresses besides.
 */
export async function startAideals({ dataDir, env = {}, script }) {
  if (!existsSync(new URL('packages/cli/dist/main.js', ROOT)))
    throw new Error('the server is not built: run `npm run build` first');
  const child = await startChild({
    script: script ?? fileURLToPath(new URL('packages/cli/bin/aideals.js', ROOT)),
    args: script === undefined ? ['serve'] : [],
    env: { PORT: '0', HOST: '127.0.0.1', NODE_ENV: '', JWT_SECRET: SECRET, AIDEALS_DATA_DIR: dataDir, ...env },
    core: 0,
    ready: (line) => line.includes(' ready at '),
  });
  const url = child.line.split(' ready at ')[1].trim();
  return { ...child, url, wsUrl: url.replace(/^http/u, 'ws') };
}
