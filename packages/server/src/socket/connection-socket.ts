import { type CloseCodeNumber, closeCodes } from '@aideals/protocol';
import { WebSocket } from 'ws';

const isOurs = (code: number): code is CloseCodeNumber => Object.hasOwn(closeCodes, code);

/**
 * A WebSocket whose closing is led by its owner: `ws` reads the frames, answers nothing by itself, and writes nothing but
 * the close frame, when it is told to.
 */
export class ConnectionSocket extends WebSocket {
  /** What was received breaks the protocol or a limit; the owner is to close with this code. */
  onFault: ((code: CloseCodeNumber) => void) | undefined;
  /** The peer asks for the end; what waits is to be handed over now. */
  onPeerClose: (() => void) | undefined;

  /** Sends the close frame; nothing is written after it. */
  finish(code: CloseCodeNumber, reason: string): void {
    super.close(code, reason);
  }

  /** `ws` calls this where it read a close frame (with its code and reason), or something wrong (with a code alone). */
  override close(code?: number, data?: string | Buffer): void {
    if (this.readyState !== this.OPEN) {
      super.close(code, data);
    } else if (code !== undefined && data === undefined && isOurs(code) && this.onFault !== undefined) {
      this.onFault(code);
    } else {
      this.onPeerClose?.();
      super.close(code, data);
    }
  }
}
