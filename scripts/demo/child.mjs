/** Programs that the demo runs: each ends when the demo does. */
import { spawn } from 'node:child_process';

/** Runs a program to its end, and gives what it wrote to stdout. Throws with its whole `output` where it fails. */
export const run = (program, args, { cwd, env, signal }) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = () => child.kill('SIGTERM');
    signal.addEventListener('abort', end, { once: true });
    let stdout = '';
    let output = '';
    child.stdout.on('data', (bytes) => {
      stdout += bytes;
      output += bytes;
    });
    child.stderr.on('data', (bytes) => {
      output += bytes;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', end);
      if (code === 0) resolve(stdout.trim());
      else reject(Object.assign(new Error(`${args.join(' ')} ended with ${code}`), { output: output.trimEnd() }));
    });
  });

/**
 * Starts the server. `ready` gives its address, or undefined where it ended before; what it has to say goes to stderr as
 * it comes. `stop` ends it, and resolves when it is gone.
 */
export const serve = (args, { cwd, env }) => {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  const told = new Promise((resolve) => {
    let text = '';
    child.stdout.on('data', (bytes) => {
      if (text === undefined) return;
      text += bytes;
      const url = / ready at (http\S+)/u.exec(text)?.[1];
      if (url === undefined) return;
      text = undefined;
      resolve(url);
    });
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  return { ready: Promise.race([told, ended.then(() => undefined)]), ended, stop };
};
