/** Runs a program to its end, without what the caller's shell has set for a server. */
import { spawn } from 'node:child_process';

const OURS =
  /^(?:AIDEALS_|JWT_|REDIS_|WEBSOCKET_API_|API_GATEWAY_ID$|API_ID$|CONNECTIONS_TABLE|SUBSCRIPTIONS_TABLE$|AWS_|REGION$|STAGE$|PORT$|HOST$|NODE_ENV$|VITEST)/u;

const environment = { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' };
for (const name of Object.keys(environment)) if (OURS.test(name)) delete environment[name];

const running = new Set();

const end = (child, signal) => {
  try {
    // The whole group: a program's own children end with it.
    process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself.
  }
};

/** Ends whatever is still running. */
export const endAll = () => {
  for (const child of running) end(child, 'SIGKILL');
};

/** Starts a program in a group of its own; `output` grows as it writes. */
const start = (command, args, { env = {} } = {}) => {
  const child = spawn(command, args, {
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  const run = { child, output: '', stdout: '', stop: (signal = 'SIGTERM') => end(child, signal) };
  child.stdout.on('data', (bytes) => {
    run.stdout += bytes;
    run.output += bytes;
  });
  child.stderr.on('data', (bytes) => {
    run.output += bytes;
  });
  run.ended = new Promise((resolve) => {
    child.once('error', (error) => {
      running.delete(child);
      resolve({ code: undefined, reason: `${command}: ${error.message}` });
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code: code ?? undefined, reason: signal ? `ended by ${signal}` : `ended with ${code}` });
    });
  });
  return run;
};

/** Resolves with what the program wrote; throws, with that, where it fails or takes longer than `seconds`. */
export const run = async (command, args, { env, seconds = 240 } = {}) => {
  const started = start(command, args, { env });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    started.stop('SIGKILL');
  }, seconds * 1000);
  const { code, reason } = await started.ended;
  clearTimeout(timer);
  const result = { code, output: started.output, stdout: started.stdout };
  if (code === 0 && !late) return result;
  const why = late ? `took longer than ${seconds} s` : reason;
  throw Object.assign(new Error(`${[command, ...args].join(' ')}: ${why}`), result);
};
