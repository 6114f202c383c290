import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Frame {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly requestId?: string;
  readonly topic?: string;
  readonly id?: string;
}

/** A client that keeps each frame until somebody takes it. */
export class Listener {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  readonly #looking = new Set<() => void>();
  readonly closed: Promise<number>;
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('message', (bytes) => {
      this.#frames.push(JSON.parse(String(bytes)) as Frame);
      for (const look of this.#looking) look();
    });
    socket.once('close', () => {
      for (const look of this.#looking) look();
    });
  }

  /** `url` is that of the sockets, with the token. */
  static async open(url: string): Promise<Listener> {
    const socket = new WebSocket(url);
    const listener = new Listener(socket);
    await once(socket, 'open');
    return listener;
  }

  /** Takes the oldest frame that fits, waiting for it; the others stay. */
  take(fits: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const at = this.#frames.findIndex(fits);
        const [found] = at < 0 ? [] : this.#frames.splice(at, 1);
        if (found !== undefined) resolve(found);
        else if (this.#socket.readyState === WebSocket.CLOSED) reject(new Error('closed before such a frame came'));
        else return;
        this.#looking.delete(look);
      };
      this.#looking.add(look);
      look();
    });
  }

  /** Sends a frame, and waits for its answer. */
  ask(action: string, data: object = {}): Promise<Frame> {
    this.#asked += 1;
    const requestId = `r${this.#asked}`;
    this.#socket.send(JSON.stringify({ action, data, requestId }));
    return this.take((frame) => frame.requestId === requestId);
  }

  /** Takes all deal events that have come so far. */
  events(): Frame[] {
    return this.#frames.splice(0).filter(({ id }) => id !== undefined);
  }

  end(): void {
    this.#socket.terminate();
  }
}
