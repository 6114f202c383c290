import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Address } from './link.js';
import { isReady } from './readiness.js';

export interface Backend extends Address {
  readonly name: string;
}

export interface RoundRobinOptions {
  readonly backends: readonly Backend[];
  /** 0, or none, takes a free one. */
  readonly port?: number;
  /** How often the backends are looked at; 0 leaves it to `look`. */
  readonly lookEveryMs?: number;
  readonly isReady?: (backend: Backend) => Promise<boolean>;
  /** Called when a backend is taken in or out. */
  readonly onChange?: (backend: Backend, isIn: boolean) => void;
}

const LOOK_EVERY_MS = 200;
const CONNECT_MS = 2_000;
const NOBODY = 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/**
 * A plain TCP load balancer: connections go to the backends in turn, whoever they are from. One that is not ready gets no new
 * ones and keeps those that it has; one that refuses a connection is out until it is ready again. Where none is ready, all get
 * them, as with most load balancers; where none takes any, the answer is 503.
 */
export class RoundRobin {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #options: RoundRobinOptions;
  readonly #server: Server;
  readonly #in: Set<Backend>;
  readonly #sockets = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #turn = 0;

  private constructor(options: RoundRobinOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.#in = new Set(options.backends);
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#accept(client));
    const every = options.lookEveryMs ?? LOOK_EVERY_MS;
    if (every > 0) {
      this.#timer = setInterval(() => void this.look(), every);
      this.#timer.unref();
    }
  }

  static async listen(options: RoundRobinOptions): Promise<RoundRobin> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const isTaken = error.code === 'EADDRINUSE';
        reject(isTaken ? new Error(`port ${options.port} is taken on 127.0.0.1; give another by --port`) : error);
      });
      server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return new RoundRobin(options, server);
  }

  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  isIn(backend: Backend): boolean {
    return this.#in.has(backend);
  }

  /** Looks at each backend once, and takes it in or out. A look that is under way is not begun again. */
  look(): Promise<void> {
    this.#looking ??= this.#lookAtAll().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await this.#looking;
  }

  async #lookAtAll(): Promise<void> {
    const ask = this.#options.isReady ?? isReady;
    await Promise.all(
      this.#options.backends.map(async (backend) => {
        this.#set(backend, await ask(backend));
      }),
    );
  }

  #set(backend: Backend, isIn: boolean): void {
    if (this.#in.has(backend) === isIn) return;
    if (isIn) this.#in.add(backend);
    else this.#in.delete(backend);
    this.#options.onChange?.(backend, isIn);
  }

  /** The backends from whose turn it is on, those that are out left out; where all are out, all of them: they tell why. */
  #order(): Backend[] {
    const { backends } = this.#options;
    const first = this.#turn;
    const order = backends.map((_, i) => backends[(first + i) % backends.length] as Backend);
    const open = order.filter((backend) => this.#in.has(backend));
    return open.length > 0 ? open : order;
  }

  #accept(client: Socket): void {
    this.#keep(client);
    this.#tryNext(client, this.#order());
  }

  #tryNext(client: Socket, order: Backend[]): void {
    const backend = order.shift();
    if (backend === undefined) {
      client.end(NOBODY);
      client.resume();
      return;
    }
    const { backends } = this.#options;
    this.#turn = (backends.indexOf(backend) + 1) % backends.length;
    const server = connect({ host: backend.host, port: backend.port, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => server.destroy(new Error('no connection in time')), CONNECT_MS);
    const refused = (): void => {
      clearTimeout(timer);
      this.#set(backend, false);
      if (!client.destroyed) this.#tryNext(client, order);
    };
    const gone = (): void => {
      clearTimeout(timer);
      server.off('error', refused).on('error', () => undefined);
      server.destroy();
    };
    client.once('close', gone);
    server.once('error', refused);
    server.once('connect', () => {
      clearTimeout(timer);
      client.off('close', gone);
      server.off('error', refused);
      this.#keep(server);
      this.#join(client, server);
    });
  }

  /** What breaks on one side breaks on the other; what ends, ends. */
  #join(client: Socket, server: Socket): void {
    server.pipe(client);
    // What a server has said by now is read before more is written to it: one that answers and closes, with the rest of a
    // request unread, breaks the connection for whoever writes, and the answer with it.
    client.on('data', (bytes) => {
      client.pause();
      setImmediate(() => server.write(bytes, () => client.resume()));
    });
    const end = (): unknown => setImmediate(() => server.end());
    // One that said nothing and ended has done so by now.
    if (client.readableEnded) end();
    else client.once('end', end);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      // What it said before it broke is still handed on: an answer that comes with a reset, for one.
      one.on('error', () => other.destroySoon());
      one.once('close', () => {
        // One that has said all and heard all may close while what it said is not written yet.
        if (!one.readableEnded || !one.writableFinished) other.destroySoon();
      });
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
