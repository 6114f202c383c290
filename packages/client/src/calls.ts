import { AidealsError } from './errors.js';
import type { ActionName, ClientFrame, JsonObject } from './frames.js';
import type { ServerFrame } from './generated/wire.js';

interface Call {
  readonly frame: ClientFrame;
  /** May be sent again on another connection: the server does it once. */
  readonly repeatable: boolean;
  readonly resolve: (data: JsonObject) => void;
  readonly reject: (error: AidealsError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
  sent: boolean;
}

export interface CallOptions {
  /** How long to wait for the answer, in milliseconds; in it lies the time until there is a connection. 10,000 by default. */
  readonly timeout?: number;
}

/** Closes that a frame brought about: whichever it was, it would do so again. */
const UNREPEATED: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009]);

const idOf = (call: Call): JsonObject => {
  const { clientMessageId } = call.frame.data as { clientMessageId?: string };
  return clientMessageId === undefined ? {} : { clientMessageId };
};

/** The application's calls that wait for a connection, or for their answer. */
export class Calls {
  readonly #pending = new Map<string, Call>();
  readonly #send: (frame: ClientFrame) => void;
  #number = 0;

  constructor(send: (frame: ClientFrame) => void) {
    this.#send = send;
  }

  /** How many were sent and not answered. */
  get inFlight(): number {
    return [...this.#pending.values()].filter((call) => call.sent).length;
  }

  /** Sends an action where `now`, else when there is a connection. Rejects with an AidealsError. */
  start(action: ActionName, data: object, timeout: number, now: boolean): Promise<JsonObject> {
    this.#number += 1;
    const requestId = `c${this.#number}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#expire(requestId, timeout), timeout);
      const repeatable = action === 'sendMessage';
      const call: Call = { frame: { action, data, requestId }, repeatable, resolve, reject, timer, sent: false };
      this.#pending.set(requestId, call);
      if (now) this.#transmit(call);
    });
  }

  /** There is a connection: sends what waits, in the order of the calls. */
  flush(): void {
    for (const call of this.#pending.values()) if (!call.sent) this.#transmit(call);
  }

  /** The connection is gone: what cannot be repeated fails, the rest waits for the next. */
  lost(closeCode: number): void {
    for (const [requestId, call] of this.#pending) {
      if (!call.sent) continue;
      call.sent = false;
      if (call.repeatable && !UNREPEATED.has(closeCode)) continue;
      const message = `the connection ended before ${call.frame.action} was answered`;
      this.#take(requestId)?.reject(new AidealsError('CONNECTION_LOST', message, { closeCode, ...idOf(call) }));
    }
  }

  /** No connection will come: all fail. */
  end(why: AidealsError): void {
    for (const [requestId, call] of this.#pending) {
      this.#take(requestId)?.reject(new AidealsError(why.code, why.message, { ...why.details, ...idOf(call) }));
    }
  }

  /** Gives a call its answer. False where the frame answers none. */
  settle(frame: ServerFrame): boolean {
    const call = frame.requestId === undefined ? undefined : this.#take(frame.requestId);
    if (call === undefined) return false;
    if (frame.type === 'error') call.reject(AidealsError.of(frame));
    else call.resolve(frame.data);
    return true;
  }

  #transmit(call: Call): void {
    call.sent = true;
    this.#send(call.frame);
  }

  #take(requestId: string): Call | undefined {
    const call = this.#pending.get(requestId);
    if (call === undefined) return undefined;
    this.#pending.delete(requestId);
    clearTimeout(call.timer);
    return call;
  }

  #expire(requestId: string, timeout: number): void {
    const call = this.#take(requestId);
    if (call === undefined) return;
    const what = call.sent ? 'was not answered' : 'could not be sent';
    const message = `${call.frame.action} ${what} within ${timeout} ms`;
    call.reject(new AidealsError('TIMEOUT', message, idOf(call)));
  }
}
