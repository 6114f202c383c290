import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/aideals.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves with the first match in what was written so far and will be; rejects when it ends without. */
  seen(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray>;
}

type Environment = Readonly<Record<string, string>>;

/** Nothing of the surroundings but what a process needs to run: a setting there would change what is tested. */
const environment = (given: Environment): Environment => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '/',
  ...given,
});

const started = new Set<ChildProcessWithoutNullStreams>();

/** Starts `aideals` as a user would: the built command, in a process of its own. */
export const start = (args: readonly string[], env: Environment = {}): Running => {
  if (!existsSync(BUILT)) throw new Error('these tests run the built command: run `npm run build` first');
  const child = spawn(process.execPath, [BIN, ...args], { env: environment(env) });
  started.add(child);
  const output = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      started.delete(child);
      resolve({ code, ...output });
    });
  });
  const seen = (stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(output[stream]);
        if (!match) return;
        listeners.delete(look);
        resolve(match);
      };
      listeners.add(look);
      look();
      ended.then(
        (end) =>
          reject(new Error(`ended with ${end.code} without ${pattern} on ${stream}:\n${end.stdout}${end.stderr}`)),
        reject,
      );
    });
  return { child, ended, seen };
};

/** Runs `aideals` to its end. */
export const aideals = (args: readonly string[], env: Environment = {}, input = ''): Promise<Ended> => {
  const running = start(args, env);
  // A command that does not read its input may have gone before all of it was written.
  running.child.stdin.on('error', () => undefined);
  running.child.stdin.end(input);
  return running.ended;
};

export interface Served extends Running {
  readonly url: string;
  readonly port: string;
}

/** Starts `aideals serve` on a free port and waits until it is ready. */
export const serve = async (env: Environment): Promise<Served> => {
  const running = start(['serve'], { PORT: '0', JWT_SECRET: SECRET, ...env });
  const [, url = ''] = await running.seen('stdout', /^aideals is ready at (http:\S+)\n/u);
  return { ...running, url, port: new URL(url).port };
};

export const SECRET = 'the-secret-of-these-tests-and-nothing-else';

/** A folder that is gone, with all processes that were started, after `clean`. */
export const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'aideals-cli-'));
  folders.add(folder);
  return folder;
};

const folders = new Set<string>();

/** Ends what a test left running, and takes its folders away. */
export const clean = async (): Promise<void> => {
  const endings = [...started].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of started) child.kill('SIGKILL');
  await Promise.all(endings);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
};
