import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { IdempotencyConflict } from '@aideals/core';

type Message =
  | readonly ['call', id: number, method: string, args: readonly unknown[]]
  | readonly ['answer', id: number, result: unknown, isFlushedLater: boolean]
  | readonly ['failed', id: number, name: string, message: string]
  | readonly ['flushed', id: number, failure: string | undefined]
  | readonly ['tell', what: string, args: readonly unknown[]];

/** What the other end may call. A result with a promise `flushed` arrives at once, and its `flushed` when that resolves. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

export interface LinkOptions {
  readonly methods: Methods;
  /** Something was told that needs no answer. */
  readonly told: (what: string, args: readonly unknown[]) => void;
  /** Called before each answer, which comes behind what is told there. */
  readonly beforeAnswer?: () => void;
  /** The other end is gone; calls that wait are rejected. */
  readonly ended: () => void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

const HEAD_BYTES = 4;

const textOf = (error: unknown): [name: string, message: string] =>
  error instanceof Error ? [error.name, error.message] : ['Error', String(error)];

const isLate = (result: unknown): result is { flushed: Promise<void> } =>
  typeof result === 'object' && result !== null && 'flushed' in result && result.flushed instanceof Promise;

const errorOf = (name: string, message: string): Error => {
  if (name === 'IdempotencyConflict') return new IdempotencyConflict();
  const error = new Error(message);
  error.name = name;
  return error;
};

/**
 * One end of a local socket between the owner of the store and a worker. What is said in a tick leaves in one write. Order is
 * kept: what was said first arrives first.
 */
export class Link {
  readonly #socket: Socket;
  readonly #options: LinkOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #flushing = new Map<number, Waiting>();
  #out: Buffer[] = [];
  #parts: Buffer[] = [];
  #size = 0;
  #next = 0;
  #isEnded = false;

  constructor(socket: Socket, options: LinkOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#end());
  }

  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    if (this.#isEnded) return Promise.reject(new Error('the owner of the store is gone'));
    this.#next += 1;
    const id = this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#say(['call', id, method, args]);
    });
  }

  tell(what: string, ...args: readonly unknown[]): void {
    this.#say(['tell', what, args]);
  }

  close(): void {
    this.#socket.end();
  }

  #say(message: Message): void {
    if (this.#isEnded) return;
    // Now: what is said is what it was when it was said.
    const body = serialize(message);
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt32BE(body.length);
    if (this.#out.length === 0) setImmediate(() => this.#flush());
    this.#out.push(head, body);
  }

  #flush(): void {
    const all = Buffer.concat(this.#out);
    this.#out = [];
    this.#socket.write(all);
  }

  #receive(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    let all = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : undefined;
    while (this.#size >= HEAD_BYTES) {
      all ??= Buffer.concat(this.#parts);
      const end = HEAD_BYTES + all.readUInt32BE();
      if (all.length < end) break;
      const message = deserialize(all.subarray(HEAD_BYTES, end)) as Message;
      all = all.subarray(end);
      this.#size = all.length;
      this.#hear(message);
    }
    if (all !== undefined) this.#parts = this.#size === 0 ? [] : [all];
  }

  #hear(message: Message): void {
    switch (message[0]) {
      case 'call':
        void this.#serve(message[1], message[2], message[3]);
        return;
      case 'answer':
        this.#answered(message[1], message[2], message[3]);
        return;
      case 'failed':
        this.#waiting.get(message[1])?.reject(errorOf(message[2], message[3]));
        this.#waiting.delete(message[1]);
        return;
      case 'flushed':
        if (message[2] === undefined) this.#flushing.get(message[1])?.resolve(undefined);
        else this.#flushing.get(message[1])?.reject(new Error(message[2]));
        this.#flushing.delete(message[1]);
        return;
      case 'tell':
        this.#options.told(message[1], message[2]);
    }
  }

  async #serve(id: number, method: string, args: readonly unknown[]): Promise<void> {
    try {
      const found = this.#options.methods[method] as ((...given: readonly unknown[]) => unknown) | undefined;
      if (found === undefined) throw new Error(`there is no ${method}`);
      const result = await found(...args);
      this.#options.beforeAnswer?.();
      if (!isLate(result)) {
        this.#say(['answer', id, result, false]);
        return;
      }
      const { flushed, ...rest } = result;
      this.#say(['answer', id, rest, true]);
      flushed.then(
        () => this.#say(['flushed', id, undefined]),
        (error) => this.#say(['flushed', id, textOf(error)[1]]),
      );
    } catch (error) {
      this.#say(['failed', id, ...textOf(error)]);
    }
  }

  #answered(id: number, result: unknown, isFlushedLater: boolean): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (!isFlushedLater) {
      waiting?.resolve(result);
      return;
    }
    const flushed = new Promise<unknown>((resolve, reject) => this.#flushing.set(id, { resolve, reject }));
    // Whoever needs it waits for it; nobody has to.
    flushed.catch(() => undefined);
    waiting?.resolve({ ...(result as object), flushed });
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const gone = new Error('the owner of the store is gone');
    for (const waiting of [...this.#waiting.values(), ...this.#flushing.values()]) waiting.reject(gone);
    this.#waiting.clear();
    this.#flushing.clear();
    this.#options.ended();
  }
}
