import type { Socket } from 'node:net';

/** How much may be on its way in one direction before the sender is not read any more. */
const MOST_BYTES = 1 << 20;

interface Chunk {
  readonly bytes: Buffer | undefined;
  readonly sentAt: number;
}

/** One direction of a connection: what is read from one socket is written to the other after a delay, in order. */
export class Lane {
  readonly #from: Socket;
  readonly #into: Socket;
  readonly #now: () => number;
  #delayMs: number;
  #waiting: Chunk[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isFull = false;

  constructor(from: Socket, into: Socket, delayMs: number, now: () => number = () => performance.now()) {
    this.#from = from;
    this.#into = into;
    this.#delayMs = delayMs;
    this.#now = now;
    from.on('data', (bytes) => this.#take(bytes));
    // An end travels as slowly as bytes do.
    from.once('end', () => this.#take(undefined));
    into.on('drain', () => {
      this.#isFull = false;
      this.#pump();
    });
  }

  /** Infinity holds everything back. What is on its way is given the new delay as well. */
  delay(ms: number): void {
    this.#delayMs = ms;
    this.#pump();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#bytes = 0;
  }

  #take(bytes: Buffer | undefined): void {
    this.#waiting.push({ bytes, sentAt: this.#now() });
    this.#bytes += bytes?.length ?? 0;
    if (this.#bytes > MOST_BYTES) this.#from.pause();
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#now();
    while (!this.#isFull) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const wait = next.sentAt + this.#delayMs - now;
      if (wait > 0) {
        if (Number.isFinite(wait)) this.#timer = setTimeout(() => this.#pump(), Math.ceil(wait));
        break;
      }
      this.#waiting.shift();
      this.#send(next.bytes);
    }
    if (this.#bytes <= MOST_BYTES && this.#from.isPaused()) this.#from.resume();
  }

  #send(bytes: Buffer | undefined): void {
    if (bytes === undefined) {
      this.#into.end();
      return;
    }
    this.#bytes -= bytes.length;
    if (!this.#into.write(bytes)) this.#isFull = true;
  }
}
