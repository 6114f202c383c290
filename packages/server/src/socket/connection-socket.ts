import { type CloseCodeNumber, closeCodes } from '@aideals/protocol';
import { WebSocket } from 'ws';

const isOurs = (code: number): code is CloseCodeNumber => Object.hasOwn(closeCodes, code);

/** Who leads a socket. An interface and no functions made for each socket: there are many sockets. */
export interface SocketOwner {
  message(data: Buffer, isBinary: boolean): void;
  pinged(payload: Uint8Array): void;
  /** What was received breaks the protocol or a limit; the owner is to close with this code. */
  faulty(code: CloseCodeNumber): void;
  /** The peer asks for the end; what waits is to be handed over now. */
  peerCloses(): void;
  closed(code: number): void;
}

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  (this as ConnectionSocket).owner?.message(data as Buffer, isBinary);
}

function onPing(this: WebSocket, payload: Buffer): void {
  (this as ConnectionSocket).owner?.pinged(payload);
}

function onClose(this: WebSocket, code: number): void {
  (this as ConnectionSocket).owner?.closed(code);
}

// What is wrong with a frame is told as a fault; a broken link closes.
const onError = (): void => undefined;

/**
 * A WebSocket whose closing is led by its owner: `ws` reads the frames, answers nothing by itself, and writes nothing but
 * the close frame, when it is told to.
 */
export class ConnectionSocket extends WebSocket {
  owner: SocketOwner | undefined;

  /** From now on the owner is told of what comes. */
  lead(owner: SocketOwner): void {
    this.owner = owner;
    this.on('message', onMessage).on('ping', onPing).on('error', onError).on('close', onClose);
  }

  /** Sends the close frame; nothing is written after it. */
  finish(code: CloseCodeNumber, reason: string): void {
    super.close(code, reason);
  }

  /** `ws` calls this where it read a close frame (with its code and reason), or something wrong (with a code alone). */
  override close(code?: number, data?: string | Buffer): void {
    if (this.readyState !== this.OPEN) {
      super.close(code, data);
    } else if (code !== undefined && data === undefined && isOurs(code) && this.owner !== undefined) {
      this.owner.faulty(code);
    } else {
      this.owner?.peerCloses();
      super.close(code, data);
    }
  }
}
