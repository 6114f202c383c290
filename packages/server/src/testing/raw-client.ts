import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A masked client frame of up to 65,535 bytes; `first` is FIN and the opcode. */
export const clientFrame = (payload: Uint8Array | string, first = 0x81): Buffer => {
  const bytes = Buffer.from(payload);
  const head =
    bytes.length < 126
      ? Buffer.from([first, 0x80 | bytes.length])
      : Buffer.from([first, 0xfe, bytes.length >> 8, bytes.length & 0xff]);
  // A mask of zeros leaves the payload as it is, and is as good as any for a server.
  return Buffer.concat([head, Buffer.alloc(4), bytes]);
};

/** A client below any library: bytes in, bytes out. */
export class RawClient {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  #waiting: (() => void)[] = [];

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (bytes: Buffer) => {
      this.#chunks.push(bytes);
      this.#wake();
    });
    this.socket.on('end', () => this.#wake());
    this.socket.on('close', () => this.#wake());
  }

  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    await once(client.socket, 'connect');
    return client;
  }

  /** Upgrades, and drops the response from what was received. */
  static async upgraded(port: number, path = '/ws', headers: readonly string[] = []): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.request(path, headers);
    await client.until((bytes) => bytes.includes('\r\n\r\n'));
    const response = client.takeResponse();
    if (!response.startsWith('HTTP/1.1 101')) throw new Error(response);
    return client;
  }

  request(path: string, headers: readonly string[] = []): void {
    this.socket.write(
      [
        `GET ${path} HTTP/1.1`,
        'Host: localhost',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
        '',
        '',
      ].join('\r\n'),
    );
  }

  get received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  takeResponse(): string {
    const { received } = this;
    const end = received.indexOf('\r\n\r\n') + 4;
    this.#chunks = [received.subarray(end)];
    return received.subarray(0, end).toString();
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Resolves when what was received meets a condition; rejects where the connection ends before. */
  async until(condition: (received: Buffer) => boolean): Promise<Buffer> {
    while (!condition(this.received)) {
      if (this.#isOver) {
        throw new Error(`the connection ended; received ${JSON.stringify(this.received.toString())}`);
      }
      await this.#more();
    }
    return this.received;
  }

  /** Resolves with all that was received when the server has ended. */
  async ended(): Promise<Buffer> {
    while (!this.#isOver) await this.#more();
    return this.received;
  }

  get #isOver(): boolean {
    return this.socket.readableEnded || this.socket.closed;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  destroy(): void {
    this.socket.destroy();
  }
}
