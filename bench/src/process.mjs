import { readdirSync, readFileSync } from 'node:fs';

/** CPU time of a process with all its threads, in microseconds, as the scheduler of Linux counts it. */
export const cpuMicros = (pid) => {
  let nanos = 0n;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanos += BigInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // A thread that has just ended.
    }
  }
  return Number(nanos / 1000n);
};

/** Resident memory of a process, in KiB. */
export const residentKiB = (pid) => Number(/^VmRSS:\s+(\d+)/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
