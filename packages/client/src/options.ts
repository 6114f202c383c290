import type { DriverOptions } from './driver.js';
import type { AidealsError } from './errors.js';
import type { Filters, PushFrame, PushType } from './frames.js';
import type { ServerFrame } from './generated/wire.js';
import { defaultTiming, type Timing } from './machine.js';
import { socketUrl, type WebSocketConstructor } from './socket.js';

export interface ClientOptions {
  /** `wss://…/ws`, or the server's `https://…` address with the same path. */
  readonly url: string | URL;
  /** The token, or a function that gives one: it is asked again when the present one expires or is refused. */
  readonly token: string | (() => string | Promise<string>);
  /** Where the runtime has none of its own: Node 20 takes the one of the `ws` package. */
  readonly WebSocket?: WebSocketConstructor;
  /** Names this instance: a newer connection of the same user and `client` takes the place of the older one. */
  readonly client?: string;
  /** Let the server put several messages into one frame: less to do for both where many come at once. `false` by default. */
  readonly batch?: boolean;
  /** Connect at once (`true`, the default), or with the first call, subscription or `connect()`. */
  readonly connect?: boolean;
  /** How long an action waits for its answer, in milliseconds: 10,000 by default. */
  readonly timeout?: number;
  /** `query` for servers that take no token as a subprotocol; it then stands in the logs of all that is between. */
  readonly tokenIn?: 'protocol' | 'query';
  /** Ask by a plain request why a dial failed: `true` by default. */
  readonly probe?: boolean;
  readonly timing?: Partial<Timing>;
}

/** `waiting` for the next dial, in `retryInMs`. `closed` for good, or until `connect()`. `idle` until it is needed. */
export interface ClientState {
  readonly status: 'idle' | 'connecting' | 'open' | 'waiting' | 'closed';
  /** Failures in a row. */
  readonly attempt: number;
  readonly retryInMs?: number;
  /** Why the last connection ended. */
  readonly closeCode?: number;
  readonly error?: AidealsError;
}

export interface ClientEvents {
  /** Every frame, as it came. */
  message: (frame: ServerFrame) => void;
  state: (state: ClientState) => void;
  /** What concerns no call and no subscription: a refused dial or token, an error without a request. */
  error: (error: AidealsError) => void;
  connect: (nothing: undefined) => void;
  disconnect: (end: { closeCode: number }) => void;
}

type Named = ClientEvents & { [P in PushType]: (frame: PushFrame<P>) => void };
/** `dealUpdate`, and also `onDealUpdate` and `ondealUpdate`. */
export type ClientListeners = { [N in keyof Named as N | `on${N}` | `on${Capitalize<N>}`]: Named[N] };

/** `all-deals` takes every topic but `price-updates`. With `lastEventId`, what was missed since then comes first. */
export interface SubscribeOptions {
  readonly topic?: string;
  readonly filters?: Filters;
  readonly lastEventId?: string;
}

const resolveWebSocket = (given: WebSocketConstructor | undefined): WebSocketConstructor => {
  const found = given ?? globalThis.WebSocket;
  if (typeof found === 'function') return found;
  throw new TypeError('WebSocket: this runtime has none; pass one, for example that of the ws package');
};

const checkToken = (token: unknown): void => {
  if (typeof token === 'function' || (typeof token === 'string' && token !== '')) return;
  throw new TypeError('token: must be a token, or a function that gives one');
};

/** Throws a TypeError that names the option that is wrong. */
export const drivingOptions = (options: ClientOptions): DriverOptions => {
  checkToken(options.token);
  return {
    url: socketUrl(options.url, { client: options.client, batch: options.batch }),
    tokenIn: options.tokenIn ?? 'protocol',
    token: options.token,
    WebSocket: resolveWebSocket(options.WebSocket),
    config: {
      timing: { ...defaultTiming, ...options.timing },
      renewable: typeof options.token === 'function',
    },
    probe: options.probe ?? true,
  };
};
