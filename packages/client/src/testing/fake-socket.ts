import type { ClientFrame, JsonObject } from '../frames.js';
import type { ServerFrame } from '../generated/wire.js';

/** A WebSocket without a network: a test plays the server. */
export class FakeSocket {
  static made: FakeSocket[] = [];

  /** The newest. */
  static get last(): FakeSocket {
    const socket = FakeSocket.made.at(-1);
    if (socket === undefined) throw new Error('nothing was dialled');
    return socket;
  }

  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly url: string;
  readonly protocols: string[];
  readonly sent: ClientFrame[] = [];
  closedWith: number | undefined;
  terminated = false;

  constructor(url: string, protocols: string[] = []) {
    this.url = url;
    this.protocols = protocols;
    FakeSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  terminate(): void {
    this.terminated = true;
  }

  open(): void {
    this.onopen?.();
  }

  push(frame: Partial<ServerFrame> & { type: string }): void {
    this.onmessage?.({ data: JSON.stringify({ data: {}, timestamp: 1, ...frame }) });
  }

  /** Several in one frame. */
  pushBatch(...frames: readonly (Partial<ServerFrame> & { type: string })[]): void {
    this.onmessage?.({ data: JSON.stringify(frames.map((frame) => ({ data: {}, timestamp: 1, ...frame }))) });
  }

  /** Answers the frame that was sent last, or the n-th. */
  answer(type: string, data: JsonObject = {}, frame: ClientFrame | undefined = this.sent.at(-1)): void {
    if (frame === undefined) throw new Error('nothing was sent');
    this.push({ type, data, requestId: frame.requestId });
  }

  end(code: number): void {
    this.onclose?.({ code });
  }
}
