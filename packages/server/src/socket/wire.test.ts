import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DirectWrite, tryDirectWrite } from './direct-write.js';
import { SocketWire } from './wire.js';

const MiB = 1024 * 1024;

/** The part of a WebSocket that a wire looks at. */
const webSocket = { readyState: 1, OPEN: 1, finish: () => undefined };

const ways: readonly (readonly [string, () => Promise<DirectWrite | undefined>])[] = [
  ['past the streams', tryDirectWrite],
  ['through the streams', async () => undefined],
];

describe.each(ways)('a wire, %s', (way, make) => {
  let server: Server;
  let near: Socket;
  let far: Socket;
  let wire: SocketWire;
  let direct: DirectWrite | undefined;

  beforeEach(async () => {
    direct = await make();
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address() as { port: number };
    near = connect(address.port, '127.0.0.1');
    [far] = (await once(server, 'connection')) as [Socket];
    wire = new SocketWire(webSocket as never, far, direct);
  });
  afterEach(() => {
    near.destroy();
    far.destroy();
    server.close();
  });

  const received = async (length: number): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of near) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= length) break;
    }
    return Buffer.concat(chunks);
  };

  it('is the one that the name says', () => {
    expect(direct === undefined).toBe(way === 'through the streams');
  });

  it('tells what the system took, and when it took the rest', async () => {
    const small = Buffer.from('first ');
    if (wire.write(small)) expect(wire.buffered).toBe(0);
    const taken = new Promise<void>((resolve) => {
      wire.onTaken = () => {
        if (wire.buffered === 0) resolve();
      };
    });
    const large = Buffer.alloc(32 * MiB, 'x');
    expect(wire.write(large)).toBe(false);
    expect(wire.buffered).toBeGreaterThan(0);
    const all = await received(small.length + large.length);
    await taken;
    expect(all.subarray(0, 7).toString()).toBe('first x');
    expect(all).toHaveLength(small.length + large.length);
  });

  it('keeps the order of what waits, also before the end', async () => {
    for (let i = 0; i < 8; i += 1) wire.write(Buffer.alloc(MiB, String(i)));
    far.end('last');
    const all = await received(8 * MiB + 4);
    expect(Array.from({ length: 8 }, (_, i) => all.toString('latin1', i * MiB, i * MiB + 1)).join('')).toBe('01234567');
    expect(all.subarray(-4).toString()).toBe('last');
  });

  it('ends a socket whose peer is gone, and throws nothing', async () => {
    const closed = new Promise((resolve) => far.on('error', () => undefined).on('close', resolve));
    near.resetAndDestroy();
    const write = (): void => {
      if (far.destroyed) return;
      wire.write(Buffer.alloc(MiB));
      setImmediate(write);
    };
    write();
    await closed;
    expect(wire.write(Buffer.from('more'))).toBe(false);
  });
});
