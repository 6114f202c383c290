import { AidealsError } from './errors.js';
import { type ClientFrame, parseFrames } from './frames.js';
import type { ServerFrame } from './generated/wire.js';
import { type Config, deadline, type Effect, type Event, initialState, type State, step } from './machine.js';
import { probe } from './probe.js';
import { Socket, type WebSocketConstructor } from './socket.js';

const LONGEST_TIMER = 2 ** 31 - 1;
const LINK_BROKE = 1006;
/** What may stand in a subprotocol: RFC 9110 calls it a token too. */
const SENDABLE = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/u;

export interface DriverOptions {
  readonly url: string;
  readonly tokenIn: 'protocol' | 'query';
  readonly token: string | (() => string | Promise<string>);
  readonly WebSocket: WebSocketConstructor;
  readonly config: Config;
  readonly probe: boolean;
}

/** What the driver does not do itself. */
export interface Application {
  /** A frame came, before anything is made of it. */
  received(frame: ServerFrame): void;
  /** Everything has been made of it. */
  handled(frame: ServerFrame): void;
  apply(effect: Effect): void;
  /** The state moved on from `before`. */
  moved(before: State): void;
}

/** Runs the machine on real sockets, timers and tokens. */
export class Driver {
  state: State;
  readonly #options: DriverOptions;
  readonly #application: Application;
  #sockets = new Map<number, Socket>();
  #queue: Event[] = [];
  #running = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dropped: Promise<void> = Promise.resolve();

  constructor(options: DriverOptions, application: Application) {
    this.#options = options;
    this.#application = application;
    this.state = initialState(options.config);
  }

  /** Resolves when the socket that was dropped last is gone. */
  get dropped(): Promise<void> {
    return this.#dropped;
  }

  /** Takes an event. One that comes out of another is taken after it. */
  dispatch(event: Event): void {
    this.#queue.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#running = false;
      this.#setTimer();
    }
  }

  /** Sends a frame on the open connection. */
  send(frame: ClientFrame): void {
    const { link } = this.state;
    if (link.at === 'open') this.#sockets.get(link.socket)?.send(JSON.stringify(frame));
  }

  #step(event: Event): void {
    const before = this.state;
    const [state, effects] = step(before, event, { now: performance.now(), random: Math.random() });
    this.state = state;
    for (const effect of effects) this.#apply(effect);
    if (state !== before) this.#application.moved(before);
    if (event.type === 'frame') this.#application.handled(event.frame);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const at = deadline(this.state);
    if (at === undefined) return;
    const wait = Math.min(Math.max(0, Math.ceil(at - performance.now())), LONGEST_TIMER);
    this.#timer = setTimeout(() => this.dispatch({ type: 'tick' }), wait);
  }

  #apply(effect: Effect): void {
    switch (effect.type) {
      case 'token':
        this.#askToken(effect.ticket);
        return;
      case 'dial':
        this.#dial(effect.socket, effect.token);
        return;
      case 'send':
        this.send(effect.frame);
        return;
      case 'drop':
        this.#dropped = this.#sockets.get(effect.socket)?.drop(effect.dead) ?? Promise.resolve();
        this.#sockets.delete(effect.socket);
        return;
      case 'probe':
        this.#probe(effect.socket, effect.token);
        return;
      default:
        this.#application.apply(effect);
    }
  }

  async #token(): Promise<string> {
    const { token } = this.#options;
    const given: unknown = typeof token === 'function' ? await token() : token;
    if (typeof given !== 'string' || !SENDABLE.test(given)) throw new TypeError('it must give a token as a string');
    return given;
  }

  #askToken(ticket: number): void {
    const failed = (cause: unknown): AidealsError => {
      const why = cause instanceof Error ? cause.message : String(cause);
      return new AidealsError('TOKEN_ERROR', `the token callback failed: ${why}`, {}, { cause });
    };
    this.#token().then(
      (token) => this.dispatch({ type: 'token', ticket, token }),
      (cause: unknown) => this.dispatch({ type: 'tokenFailed', ticket, error: failed(cause) }),
    );
  }

  #dial(socket: number, token: string): void {
    const { url, tokenIn, WebSocket } = this.#options;
    const closed = (code: number) => {
      this.#sockets.delete(socket);
      this.dispatch({ type: 'closed', socket, code });
    };
    const text = (json: string) => {
      for (const frame of parseFrames(json)) {
        // One of a batch may have ended the connection: what comes behind it is nobody's.
        if (!this.#sockets.has(socket)) return;
        this.#application.received(frame);
        this.dispatch({ type: 'frame', socket, frame });
      }
    };
    const opened = () => this.dispatch({ type: 'opened', socket });
    try {
      this.#sockets.set(socket, new Socket(WebSocket, { url, token, tokenIn }, { opened, text, closed }));
    } catch {
      // The implementation would not even try; why, is found out as for any other failed dial.
      closed(LINK_BROKE);
    }
  }

  #probe(socket: number, token: string): void {
    if (!this.#options.probe) return;
    probe(this.#options.url, token).then(
      (error) => error && this.dispatch({ type: 'probed', socket, error }),
      () => undefined,
    );
  }
}
