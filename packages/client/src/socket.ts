/** What the client needs of a WebSocket: browsers have it, and so has the `ws` package. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

export interface SocketHandlers {
  readonly opened: () => void;
  readonly text: (text: string) => void;
  readonly closed: (code: number) => void;
}

export interface SocketAddress {
  readonly url: string;
  readonly token: string;
  /** `query` is for servers that do not take the token as a subprotocol: there it stands in their logs. */
  readonly tokenIn: 'protocol' | 'query';
}

const SUBPROTOCOL = 'aideals.v1';
const LINK_BROKE = 1006;
const CLOSE_WITHIN = 2_000;

interface SocketWishes {
  readonly client?: string | undefined;
  readonly batch?: boolean | undefined;
}

/** The WebSocket URL for a URL as people write it. Throws a TypeError that names the fix. */
export const socketUrl = (given: string | URL, { client, batch = false }: SocketWishes = {}): string => {
  let url: URL;
  try {
    url = new URL(given, globalThis.location?.href);
  } catch {
    throw new TypeError(`url: must be a WebSocket URL such as wss://deals.example.com/ws, not ${String(given)}`);
  }
  url.protocol = url.protocol.replace(/^http/u, 'ws');
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new TypeError(`url: must begin with ws:, wss:, http: or https:, not ${url.protocol}`);
  }
  url.hash = '';
  if (client !== undefined) {
    if (!/^[A-Za-z0-9_-]{1,64}$/u.test(client)) {
      throw new TypeError('client: must be 1 to 64 characters of A-Z a-z 0-9 _ -');
    }
    url.searchParams.set('client', client);
  }
  if (batch) url.searchParams.set('batch', '1');
  return url.href;
};

/** One connection: opened by its construction, told of by its handlers until it is dropped. */
export class Socket {
  readonly #socket: WebSocketLike;

  /** Throws what the implementation throws for a token that cannot be sent. */
  constructor(Implementation: WebSocketConstructor, { url, token, tokenIn }: SocketAddress, handlers: SocketHandlers) {
    const address = new URL(url);
    if (tokenIn === 'query') address.searchParams.set('token', token);
    const protocols = tokenIn === 'query' ? [] : [SUBPROTOCOL, `aideals.token.${token}`];
    this.#socket = new Implementation(address.href, protocols);
    this.#socket.onopen = () => handlers.opened();
    this.#socket.onmessage = ({ data }: { data: unknown }) => {
      if (typeof data === 'string') handlers.text(data);
    };
    this.#socket.onclose = ({ code }: { code?: number }) => handlers.closed(code ?? LINK_BROKE);
    // What went wrong follows as a close; without a handler some implementations throw.
    this.#socket.onerror = () => undefined;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Ends it: its handlers are told nothing any more. Resolves when it is gone, or nothing more can be done about it. */
  drop(dead: boolean): Promise<void> {
    const socket: WebSocketLike & { terminate?: () => void } = this.#socket;
    return new Promise((resolve) => {
      const abandon = () => {
        // Browsers have no such thing: there the socket is left to its own time-out.
        if (typeof socket.terminate === 'function') socket.terminate();
        resolve();
      };
      const timer = setTimeout(abandon, CLOSE_WITHIN);
      const gone = () => {
        clearTimeout(timer);
        resolve();
      };
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = gone;
      socket.close(1000);
      // A link that is dead answers no closing handshake.
      if (dead) {
        abandon();
        gone();
      }
    });
  }
}
