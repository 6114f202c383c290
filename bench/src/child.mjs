import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const REPORT_CPU = fileURLToPath(new URL('./report-cpu.mjs', import.meta.url));

/** Whether a process can be pinned to a core here: Linux with more than one core and `taskset`. */
export const canPin = spawnSync('taskset', ['-c', '1', 'true'], { stdio: 'ignore' }).status === 0;

/** With `BENCH_PROFILE=<folder>` each measured child leaves a CPU profile there when it ends. */
const PROFILE =
  process.env.BENCH_PROFILE === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`];

/**
 * Starts a Node script as a child, on `core` where pinning works, and waits for the line of stdout that `ready` accepts.
 * A measured child answers `cpu()` with the CPU time that it has used, user and system together, in microseconds.
 */
export async function startChild({ script, args = [], env = {}, core, measured = true, ready }) {
  const node = [process.execPath, ...(measured ? [...PROFILE, '--import', REPORT_CPU] : []), script, ...args];
  const [command, ...rest] = canPin ? ['taskset', '-c', String(core), ...node] : node;
  const child = spawn(command, rest, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const complaints = [];
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints.push(text);
    if (complaints.length > 50) complaints.shift();
  });
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise((resolve, reject) => {
    lines.on('line', (text) => {
      if (ready(text)) resolve(text);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`${script} ended with code ${code} before it was ready: ${complaints.join('').trim()}`));
    });
  });
  let asked = 0;
  return {
    line,
    pid: child.pid,
    send: (message) => child.send(message),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => child.once('exit', (code) => listener(new Error(`${script} ended with code ${code}`))),
    cpu() {
      const id = ++asked;
      return new Promise((resolve, reject) => {
        const gone = () => reject(new Error(`${script} ended in the middle of a round: ${complaints.join('').trim()}`));
        const answer = (message) => {
          if (message?.cpuReport !== id) return;
          child.off('message', answer);
          child.off('exit', gone);
          resolve(message.micros);
        };
        child.on('message', answer);
        child.once('exit', gone);
        child.send({ cpuRequest: id });
      });
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(patience);
    },
  };
}
