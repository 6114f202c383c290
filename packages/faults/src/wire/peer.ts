import type { Claims } from '@aideals/conformance';
import type { JsonObject, ServerFrame } from '@aideals/protocol';
import { WebSocket } from 'ws';
import { DEADLINE_MS, within } from '../waiting.js';

/** Where one can connect to, and who gives tokens for it. */
export interface Host {
  readonly port: number;
  token(user: string, claims?: Claims): string;
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

export interface DialOptions {
  /** The value of `?client=`. */
  readonly client?: string;
  readonly onFrame?: (frame: ServerFrame) => void;
  /** In place of `onFrame`, where frames are too many to be parsed; answers must not be waited for then. */
  readonly onText?: (text: string) => void;
  /** How long to wait for the connection; what is not open by then is given up. */
  readonly patienceMs?: number;
}

/** No connection came about; `status` is undefined where nothing was answered at all. */
export class Refused extends Error {
  readonly status: number | undefined;

  constructor(status: number | undefined, why: string) {
    super(`the upgrade was refused: ${status ?? why}`);
    this.status = status;
  }
}

export class Disconnected extends Error {}

interface Waiter {
  readonly resolve: (frame: ServerFrame) => void;
  readonly reject: (error: Error) => void;
}

/** One connection of a user. */
export class Peer {
  readonly user: string;
  readonly closed: Promise<Closing>;
  readonly #socket: WebSocket;
  readonly #answers = new Map<string, Waiter>();
  #asked = 0;
  #isOpen = true;

  private constructor(user: string, socket: WebSocket, { onFrame, onText }: DialOptions) {
    this.user = user;
    this.#socket = socket;
    socket.on('message', (data) => {
      const text = String(data);
      if (onText !== undefined) {
        onText(text);
        return;
      }
      const frame = JSON.parse(text) as ServerFrame;
      onFrame?.(frame);
      this.#settle(frame);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#isOpen = false;
        for (const { reject } of this.#answers.values()) reject(new Disconnected(`closed with ${code}`));
        this.#answers.clear();
        resolve({ code, reason: String(reason) });
      });
    });
  }

  static dial(server: Host, user: string, options: DialOptions = {}): Promise<Peer> {
    const client = options.client === undefined ? '' : `?client=${options.client}`;
    const headers = { authorization: `Bearer ${server.token(user)}` };
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws${client}`, {
      headers,
      perMessageDeflate: false,
      // What comes in one read is handed on at once, as fast as it comes.
      allowSynchronousEvents: true,
    });
    const dialled = new Promise<Peer>((resolve, reject) => {
      const peer = new Peer(user, socket, options);
      socket.once('open', () => resolve(peer));
      socket.once('unexpected-response', (request, { statusCode }) => {
        request.destroy();
        reject(new Refused(statusCode, 'refused'));
      });
      socket.on('error', (error) => reject(new Refused(undefined, error.message)));
    });
    return within(options.patienceMs ?? DEADLINE_MS, `${user} to be connected`, dialled).catch((error: unknown) => {
      socket.terminate();
      throw error;
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Exchanges that are not answered yet. */
  get inFlight(): number {
    return this.#answers.size;
  }

  send(action: string, data: JsonObject): string {
    this.#asked += 1;
    const requestId = String(this.#asked);
    this.#socket.send(JSON.stringify({ action, data, requestId }));
    return requestId;
  }

  /** Resolves with the answer, an error too; rejects with `Disconnected` where none came. */
  ask(action: string, data: JsonObject = {}): Promise<ServerFrame> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) {
        reject(new Disconnected('closed before'));
        return;
      }
      this.#answers.set(this.send(action, data), { resolve, reject });
    });
  }

  /** Stops reading: what the server sends waits in the kernel, then with the server. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async close(code = 1000): Promise<Closing> {
    this.#socket.close(code);
    return this.closed;
  }

  /** Breaks the link. */
  async terminate(): Promise<void> {
    this.#socket.terminate();
    await this.closed;
  }

  #settle(frame: ServerFrame): void {
    if (frame.requestId === undefined) return;
    const waiter = this.#answers.get(frame.requestId);
    this.#answers.delete(frame.requestId);
    waiter?.resolve(frame);
  }
}
