import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

/** What the system says of the memory of a process, in bytes. */
export interface Memory {
  /** All that is resident: its own, and pages of files that the system may drop whenever it likes. */
  readonly resident: number;
  /** Its own alone: heap, buffers, stacks. */
  readonly own: number;
}

const field = (text: string, name: string): number => {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'mu').exec(text);
  return Number(found?.[1] ?? Number.NaN) * 1024;
};

export const memoryOf = (pid: number): Memory => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { resident: field(text, 'VmRSS'), own: field(text, 'RssAnon') };
};

const EVERY_MS = 100;

/** The most memory that a process had since it is watched. */
export class Watermark {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #most: Memory;

  constructor(pid: number) {
    this.#pid = pid;
    this.#most = memoryOf(pid);
    this.#timer = setInterval(() => this.look(), EVERY_MS);
    this.#timer.unref();
  }

  look(): Memory {
    const { resident, own } = memoryOf(this.#pid);
    this.#most = { resident: Math.max(resident, this.#most.resident), own: Math.max(own, this.#most.own) };
    return this.#most;
  }

  stop(): Memory {
    clearInterval(this.#timer);
    return this.look();
  }
}
