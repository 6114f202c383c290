import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { round } from '../testing/fake-wire.js';
import { clientFrame, RawClient } from '../testing/raw-client.js';
import { readFrames } from '../testing/read-frames.js';
import { type SocketServer, socketServer } from '../testing/socket-server.js';

const PONG = clientFrame('', 0x8a);
const PING = clientFrame('', 0x89);

describe('the watch', () => {
  let server: SocketServer;
  let client: RawClient;

  beforeEach(async () => {
    server = await socketServer({ frame: () => ({}) });
    client = await RawClient.upgraded(server.port);
  });

  afterEach(async () => {
    client.destroy();
    await server.stop();
  });

  /** Sends, and waits until the server has read it. */
  const heard = async (bytes: Uint8Array): Promise<void> => {
    client.send(bytes, PING);
    const before = readFrames(client.received).pongs.length;
    await client.until((received) => readFrames(received).pongs.length > before);
  };

  it('pings each connection every 25 seconds', async () => {
    await server.pass(24_999);
    await server.pass(1);
    await client.until((bytes) => readFrames(bytes).pings === 1);
    client.send(PONG);
    await server.pass(25_000);
    await client.until((bytes) => readFrames(bytes).pings === 2);
  });

  it('drops a connection from which no byte came for 60 seconds', async () => {
    await server.pass(30_000);
    await heard(PONG);
    await server.pass(1_000);
    await server.pass(50_000);
    expect(server.sockets.size).toBe(1);
    const gone = server.nextClose();
    await server.pass(10_000);
    await gone;
    expect(server.closeCodes).toEqual([1006]);
    expect(server.closedIds).toEqual(['connection-1']);
  });

  it('closes an idle connection with 4009, whose pongs do not count', async () => {
    for (let i = 0; i < 11; i += 1) {
      await server.pass(50_000);
      client.send(PONG);
      await once(client.socket, 'data');
      await round();
    }
    expect(readFrames(client.received).closed).toBeUndefined();
    await server.pass(50_000);
    await client.until((bytes) => readFrames(bytes).closed !== undefined);
    expect(readFrames(client.received).closed).toBe(4009);
  });

  it.each([
    ['a message of the client', () => client.send(clientFrame('{}'))],
    ['a ping of the client', () => client.send(PING)],
    ['a message to the client', () => server.gateway.send(['connection-1'], { text: '{}' })],
  ])('does not take a connection for idle after %s', async (_, act) => {
    await server.pass(40_000);
    for (let i = 0; i < 20; i += 1) {
      act();
      await heard(PONG);
      await server.pass(40_000);
    }
    expect(readFrames(client.received).closed).toBeUndefined();
  });
});

/** Enough for the client's system to ask for more, and too little for the server's to say that it has room. */
const STEP = 120_000;

describe('a reader', () => {
  let server: SocketServer;
  let client: RawClient;

  /** Gives frames to a client that does not read until the system takes no more of them. */
  const fill = async (): Promise<void> => {
    client.socket.pause();
    const give = async (): Promise<void> => {
      server.gateway.send(['connection-1'], { text: JSON.stringify('x'.repeat(50_000)) });
      await round();
      await round();
    };
    let frames: number;
    do {
      frames = server.counters.frames;
      await give();
    } while (server.counters.frames > frames);
    for (let i = 0; i < 60; i += 1) await give();
  };

  beforeEach(async () => {
    server = await socketServer({ hardBytes: 100_000_000, liveness: { heartbeatMs: 1_000_000, goneMs: 2_000_000 } });
    client = await RawClient.upgraded(server.port);
    await fill();
  });

  afterEach(async () => {
    client.destroy();
    await server.stop();
  });

  it('that takes no byte for 30 seconds is closed with 4008', async () => {
    for (let i = 0; i < 5; i += 1) await server.pass(5_000);
    expect(server.closedIds).toEqual([]);
    // A little longer where the system was still moving bytes when the watch first looked.
    for (let i = 0; i < 10 && server.closedIds.length === 0; i += 1) await server.pass(5_000);
    expect(server.closedIds).toEqual(['connection-1']);
    client.destroy();
    await server.nextClose();
    expect(server.closeCodes).toEqual([4008]);
  });

  it.runIf(existsSync('/proc/self/net/tcp'))(
    'that goes on reading is not, also while the buffers of the system hide it',
    async () => {
      // A system on this side takes something once in a MB or so: here about once a minute.
      for (let i = 0; i < 20; i += 1) {
        await server.pass(5_000);
        let read = 0;
        while (read < STEP) {
          client.socket.resume();
          const [bytes] = (await once(client.socket, 'data')) as [Buffer];
          read += bytes.length;
          client.socket.pause();
        }
      }
      expect(server.closedIds).toEqual([]);
    },
  );
});
