import type { Writable } from 'node:stream';
import * as ws from 'ws';

/** What a client that keeps to RFC 6455 reads; not in the types of `ws`, though it is exported. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

export interface ReadFrames {
  readonly messages: string[];
  readonly pongs: string[];
  pings: number;
  closed: number | undefined;
}

/** Reads the bytes that a server wrote after its 101. */
export const readFrames = (bytes: Uint8Array): ReadFrames => {
  const seen: ReadFrames = { messages: [], pongs: [], pings: 0, closed: undefined };
  const receiver = new Receiver({ isServer: false });
  receiver.on('message', (data: Buffer) => seen.messages.push(data.toString()));
  receiver.on('pong', (data: Buffer) => seen.pongs.push(data.toString()));
  receiver.on('ping', () => {
    seen.pings += 1;
  });
  receiver.on('conclude', (code: number) => {
    seen.closed = code;
  });
  // A copy: the receiver may keep what it is given.
  receiver.write(Buffer.from(bytes));
  return seen;
};
