import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian puts what only an administrator is meant to run. */
const SYSTEM = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** The path of a program; undefined where it is not installed. */
export const findProgram = (name: string, path = process.env['PATH'] ?? ''): string | undefined =>
  [...path.split(delimiter), ...SYSTEM]
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

const succeeds = (program: string, args: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: 'ignore',
    });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });

/**
 * The path of a program, which is installed from Debian's packages where it is missing and this user is root. Throws with the
 * command that installs it.
 */
export const requireProgram = async (
  name: string,
  { debian = name, say = () => undefined }: { debian?: string; say?: (line: string) => void } = {},
): Promise<string> => {
  const there = findProgram(name);
  if (there !== undefined) return there;
  const byHand = `${name} is not installed. Run: apt-get update && apt-get install -y --no-install-recommends ${debian}`;
  const apt = findProgram('apt-get');
  if (apt === undefined || process.getuid?.() !== 0) throw new Error(byHand);
  say(`${name} is not installed: installing the Debian package ${debian} …`);
  const isDone =
    (await succeeds(apt, ['update'])) && (await succeeds(apt, ['install', '-y', '--no-install-recommends', debian]));
  const now = findProgram(name);
  if (!isDone || now === undefined) throw new Error(byHand);
  return now;
};
