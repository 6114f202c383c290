/** What the tests need of Debian: a browser, Redis, load balancers, and the tools and the client of others, which the examples use. */
import { existsSync } from 'node:fs';
import { run } from './child.mjs';

const has = async (module) => {
  try {
    await run('/usr/bin/python3', ['-c', `import ${module}`], { seconds: 30 });
    return true;
  } catch {
    return false;
  }
};

const needs = [
  ['chromium', async () => existsSync('/usr/bin/chromium')],
  ['redis-server', async () => existsSync('/usr/bin/redis-server')],
  ['nginx-light', async () => existsSync('/usr/sbin/nginx')],
  ['haproxy', async () => existsSync('/usr/sbin/haproxy')],
  ['curl', async () => existsSync('/usr/bin/curl')],
  ['bsdutils', async () => existsSync('/usr/bin/script')],
  ['python3-websocket', () => has('websocket')],
  ['python3-jwt', () => has('jwt')],
  ['python3-redis', () => has('redis')],
  ['python3-pytest', () => has('pytest')],
  ['awscli', async () => existsSync('/usr/bin/aws')],
  ['python3-boto3', () => has('boto3')],
];

/** How root's commands are run here; undefined where they cannot be. */
const asRoot = async () => {
  if (process.getuid?.() === 0) return [];
  try {
    await run('sudo', ['-n', 'true'], { seconds: 10 });
    return ['sudo', '-n'];
  } catch {
    return undefined;
  }
};

const missing = async () => {
  const absent = [];
  for (const [name, present] of needs) if (!(await present())) absent.push(name);
  return absent;
};

/** Installs what is missing, or throws with the command that does. */
export const debianPackages = async () => {
  const absent = await missing();
  if (absent.length === 0) return;
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...absent];
  const byHand = `missing: ${absent.join(', ')}. Run: sudo apt-get update && sudo ${install.join(' ')}`;
  const prefix = existsSync('/usr/bin/apt-get') ? await asRoot() : undefined;
  if (prefix === undefined) throw new Error(byHand);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  for (const command of [['apt-get', 'update'], install]) {
    const [program, ...args] = [...prefix, ...command];
    await run(program, args, { env, seconds: 300 });
  }
  const still = await missing();
  if (still.length > 0) throw new Error(`apt-get installed, and yet ${byHand}`);
};
