import { statfs } from 'node:fs/promises';

/** Bytes that a file system has, and that are free to us. */
export interface Disk {
  readonly size: number;
  readonly free: number;
}

export const diskOf = async (folder: string): Promise<Disk> => {
  const { bsize, blocks, bavail } = await statfs(folder);
  return { size: bsize * blocks, free: bsize * bavail };
};

const RESERVE_BYTES = 64 * 1024 * 1024;
const RESERVE_PART = 16;
/** What a batch may take of the file for each of its bytes: whole pages are written anew. */
const PER_BYTE = 4;
const LOOK_MS = 100;
const LOOK_BYTES = 16 * 1024 * 1024;

/**
 * Keeps the database from ever meeting a full disk: its own handling of one can end the process. A reserve of 64 MiB, or a
 * sixteenth of a smaller file system, stays free.
 */
export class DiskRoom {
  readonly #look: () => Promise<Disk>;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #sinceLook = 0;

  constructor(look: () => Promise<Disk>) {
    this.#look = look;
  }

  /** Undefined where the last look is still good; else resolves after a look. Rejects where there is too little room. */
  ensure(bytes: number): Promise<void> | undefined {
    this.#sinceLook += bytes * PER_BYTE;
    if (performance.now() - this.#lookedAt < LOOK_MS && this.#sinceLook < LOOK_BYTES) return undefined;
    return this.#lookFor(bytes);
  }

  async #lookFor(bytes: number): Promise<void> {
    const { size, free } = await this.#look();
    const reserve = Math.min(RESERVE_BYTES, Math.floor(size / RESERVE_PART));
    if (free < reserve + bytes * PER_BYTE) {
      throw new Error(`No space left on device: ${free} bytes are free, and ${reserve} must stay so; make room`);
    }
    this.#lookedAt = performance.now();
    this.#sinceLook = 0;
  }
}
