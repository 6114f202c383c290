import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { canPin } from './child.mjs';
import { installed } from './installed.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Compiles a program of native/ where it is newer than its binary, and tells where that is. */
const compiled = (name) => {
  const source = path(`./native/${name}.c`);
  const folder = path('../.native/');
  const binary = `${folder}${name}`;
  mkdirSync(folder, { recursive: true });
  const made = statSync(binary, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (made >= statSync(source).mtimeMs) return binary;
  installed('cc', ['gcc', 'libc6-dev']);
  const { status, stderr } = spawnSync('cc', ['-O2', '-o', binary, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`could not compile ${name}.c: ${stderr}`);
  return binary;
};

/** Starts any program on a core, and waits for its first line that `ready` accepts. */
export async function startProgram({ command, args = [], env = {}, core, ready, from = 'stdout', pidOf }) {
  const [program, ...rest] = canPin ? ['taskset', '-c', String(core), command, ...args] : [command, ...args];
  const child = spawn(program, rest, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const complaints = [];
  child.stderr.setEncoding('utf8').on('data', (text) => complaints.splice(0, complaints.length - 20, text));
  if (from === 'stderr') child.stdout.resume();
  const lines = createInterface({ input: child[from] });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`${command} ended with code ${code}: ${complaints.join('').trim()}`);
  });
  gone.catch(() => undefined);
  const first = new Promise((resolve) => {
    const look = (line) => {
      if (!ready(line)) return;
      lines.off('line', look);
      resolve(line);
    };
    lines.on('line', look);
  });
  const line = await Promise.race([first, gone]);
  return {
    line,
    lines,
    gone,
    pid: pidOf === undefined ? child.pid : pidOf(child.pid),
    write: (text) => child.stdin.write(text),
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

/** Starts a program of native/, and answers each line that it is told with the line that it says. */
async function startNative(name, core, ready) {
  const program = await startProgram({ command: compiled(name), core, ready });
  const waiting = [];
  program.lines.on('line', (line) => waiting.shift()?.(line));
  const ask = (line) =>
    Promise.race([
      new Promise((resolve) => {
        waiting.push(resolve);
        program.write(`${line}\n`);
      }),
      program.gone,
    ]);
  return { ...program, ask };
}

/** The load: opens sockets and counts what comes. One question at a time. */
export async function startReader() {
  const reader = await startNative('reader', 1, (line) => line === 'ready');
  return {
    ...reader,
    open: ({
      name,
      url,
      count,
      topics = 1,
      path: template,
      isNats = false,
      deflates = false,
      replies = 0,
      hello = '-',
    }) =>
      reader.ask(
        [
          'open',
          name,
          new URL(url).port,
          count,
          topics,
          template,
          isNats ? 'nats' : deflates ? 'deflate' : 'ws',
          replies,
          hello,
        ].join('\t'),
      ),
    tokens: (file) => reader.write(`tokens\t${file}\n`),
    wait: (name, frames) => reader.ask(`wait\t${name}\t${frames}`),
    stamp: (name) => reader.write(`stamp\t${name}\n`),
    times: async (name) => {
      const [, , count, p50, p99, max] = (await reader.ask(`times\t${name}`)).split('\t').map(Number);
      return { count, p50, p99, max };
    },
    close: (name) => reader.ask(`close\t${name}`),
  };
}

/** The floor: a loop of `send()`. */
export async function startFloor() {
  const floor = await startNative('floor', 0, (line) => line.startsWith('ready at '));
  return {
    ...floor,
    url: floor.line.slice('ready at '.length),
    publish: (frames, payloadBytes, isJoined, sockets) =>
      floor.ask(`publish ${frames} ${payloadBytes} ${isJoined ? 1 : 0} ${sockets}`),
  };
}
