import type { Database, RootDatabase } from 'lmdb';
import type { DiskRoom } from './disk-room.js';

export type Db = Database<string, Buffer>;
export type Env = RootDatabase<string, Buffer>;

/** Writes that become durable together: all of them or none. */
export interface Batch {
  put(db: Db, key: Buffer, value: string): void;
  remove(db: Db, key: Buffer): void;
  /** Resolves when the batch survives a crash; rejects where it could not be written. */
  readonly flushed: Promise<void>;
  /** Calls back when the batch is durable, and before `flushed` resolves. */
  onDurable(call: () => void): void;
}

export interface WriterStats {
  /** Transactions that were flushed. */
  readonly flushes: number;
  /** Rows put or removed by them. */
  readonly writes: number;
  /** Bytes that wait to be flushed, about. */
  readonly waitingBytes: number;
}

export interface WriterOptions {
  /** Asked before each transaction. */
  readonly room?: Pick<DiskRoom, 'ensure'>;
  /** Told once when writing begins to fail, with why, and once when it works again. */
  readonly onState?: (failure: Error | undefined) => void;
}

type Write = readonly [db: Db, key: Buffer, value: string | undefined];

/** What waits is kept in memory, so a disk that stalls must end in refusals. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
const ROW_OVERHEAD = 64;

class OpenBatch implements Batch {
  readonly writes: Write[] = [];
  bytes = 0;
  readonly flushed: Promise<void>;
  readonly #calls: (() => void)[] = [];
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor() {
    this.flushed = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who does not await it must not end the process; who does is told all the same.
    this.flushed.catch(() => undefined);
  }

  put(db: Db, key: Buffer, value: string): void {
    this.writes.push([db, key, value]);
    this.bytes += key.length + value.length + ROW_OVERHEAD;
  }

  remove(db: Db, key: Buffer): void {
    this.writes.push([db, key, undefined]);
    this.bytes += key.length + ROW_OVERHEAD;
  }

  onDurable(call: () => void): void {
    this.#calls.push(call);
  }

  succeed(): void {
    for (const call of this.#calls) call();
    this.#resolve();
  }

  fail(error: Error): void {
    this.#reject(error);
  }
}

const flushedAlready = Promise.resolve();

/** What went wrong below a failed commit, in one line. */
const causeOf = async (error: unknown): Promise<string> => {
  const { commitError } = error as { commitError?: Promise<unknown> };
  const cause = commitError === undefined ? error : await commitError.catch((reason: unknown) => reason);
  const message = cause instanceof Error ? cause.message : String(cause);
  return (message.split(': Attempting')[0] as string).replaceAll(/\s+/g, ' ');
};

/**
 * Group commit: one transaction at a time, and all that is written meanwhile shares the next one. A lone write starts at
 * the end of the event loop's turn, without a timer.
 *
 * A transaction that fails takes with it all that was written after it, so that nothing survives which was decided on
 * what was lost; `onFailure` lets those who keep state in memory read it anew.
 */
export class Writer {
  readonly #env: Env;
  readonly #place: string;
  readonly #room: Pick<DiskRoom, 'ensure'> | undefined;
  readonly #onState: NonNullable<WriterOptions['onState']>;
  #isWell = true;
  readonly #resets: (() => void)[] = [];
  #collecting: OpenBatch | undefined;
  #writing: OpenBatch | undefined;
  #closed = false;
  #flushes = 0;
  #writes = 0;

  /** `place` names the store in errors. */
  constructor(env: Env, place: string, { room, onState = () => undefined }: WriterOptions = {}) {
    this.#env = env;
    this.#place = place;
    this.#room = room;
    this.#onState = onState;
  }

  onFailure(reset: () => void): void {
    this.#resets.push(reset);
  }

  /** The batch that collects now. It stays the same until the end of the turn. */
  batch(): Batch {
    if (this.#closed) throw new Error(`${this.#place} is closed`);
    if (this.#waitingBytes() > MAX_WAITING_BYTES) {
      throw new Error(`${this.#place} does not keep up: too much waits to be written`);
    }
    if (this.#collecting === undefined) {
      this.#collecting = new OpenBatch();
      if (this.#writing === undefined) setImmediate(() => this.#start());
    }
    return this.#collecting;
  }

  /** Resolves when all that was written until now survives a crash. */
  get flushed(): Promise<void> {
    return (this.#collecting ?? this.#writing)?.flushed ?? flushedAlready;
  }

  /** Refuses writes from now on, and resolves when those before are flushed or have failed. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flushed.catch(() => undefined);
  }

  stats(): WriterStats {
    return { flushes: this.#flushes, writes: this.#writes, waitingBytes: this.#waitingBytes() };
  }

  #waitingBytes(): number {
    return (this.#collecting?.bytes ?? 0) + (this.#writing?.bytes ?? 0);
  }

  #start(): void {
    const batch = this.#collecting;
    if (batch === undefined || this.#writing !== undefined) return;
    this.#collecting = undefined;
    this.#writing = batch;
    void this.#commit(batch).then(
      () => this.#succeeded(batch),
      (error: unknown) => this.#failed(error),
    );
  }

  async #commit(batch: OpenBatch): Promise<void> {
    if (batch.writes.length === 0) return;
    await this.#room?.ensure(batch.bytes);
    const committed = this.#env.batch(() => {
      for (const [db, key, value] of batch.writes) {
        if (value === undefined) db.remove(key);
        else db.put(key, value);
      }
    });
    await committed;
    await this.#env.flushed;
    this.#env.resetReadTxn();
  }

  #succeeded(batch: OpenBatch): void {
    this.#flushes += batch.writes.length === 0 ? 0 : 1;
    this.#writes += batch.writes.length;
    this.#writing = undefined;
    if (!this.#isWell && batch.writes.length > 0) {
      this.#isWell = true;
      this.#onState(undefined);
    }
    batch.succeed();
    // One round of the event loop later: the answers to what was flushed bring the next writes, and those that have come by
    // then share the flush that would begin now.
    setImmediate(() => setImmediate(() => this.#start()));
  }

  async #failed(error: unknown): Promise<void> {
    const failure = new Error(`${this.#place} could not be written: ${await causeOf(error)}`, { cause: error });
    const lost = [this.#writing, this.#collecting];
    this.#writing = undefined;
    this.#collecting = undefined;
    this.#env.resetReadTxn();
    for (const reset of this.#resets) reset();
    if (this.#isWell) {
      this.#isWell = false;
      this.#onState(failure);
    }
    for (const batch of lost) batch?.fail(failure);
  }
}
