import type { Socket } from 'node:net';
import type { CloseCodeNumber } from '@aideals/protocol';
import type { ConnectionSocket } from './connection-socket.js';
import type { DirectWrite } from './direct-write.js';
import type { Wire } from './outbox.js';

const nobody = (): void => undefined;

/** The way from an outbox to a socket that was upgraded: past Node's streams where `direct` is given, else through them. */
export class SocketWire implements Wire {
  buffered = 0;
  onTaken: () => void = nobody;
  readonly #webSocket: ConnectionSocket;
  readonly #socket: Socket;
  readonly #direct: DirectWrite | undefined;
  /** Made at the first write through the stream. */
  #streamTook: (() => void) | undefined;

  constructor(webSocket: ConnectionSocket, socket: Socket, direct: DirectWrite | undefined) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#direct = direct?.canUse(socket) === true ? direct : undefined;
  }

  write(bytes: Uint8Array): boolean {
    // After the end, or a broken link, there is nobody to write to; the close event is on its way.
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return false;
    if (this.#direct === undefined) return this.#writeStream(bytes);
    const outcome = this.#direct.write(this.#socket, bytes, this);
    if (outcome === 'later') this.buffered = bytes.length;
    return outcome === 'taken';
  }

  /** What `direct` could not write at once is written. */
  written(): void {
    this.buffered = 0;
    this.onTaken();
  }

  close(code: CloseCodeNumber, reason: string): void {
    this.#webSocket.finish(code, reason);
  }

  #writeStream(bytes: Uint8Array): boolean {
    if (!this.#socket.writable) return false;
    this.#streamTook ??= () => {
      this.buffered = this.#socket.writableLength;
      this.onTaken();
    };
    this.#socket.write(bytes, this.#streamTook);
    this.buffered = this.#socket.writableLength;
    return false;
  }
}
