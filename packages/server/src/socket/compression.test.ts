import { once } from 'node:events';
import { inflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type SocketServer, socketServer } from '../testing/socket-server.js';
import { deflated, encoded } from './encoding.js';

const long = JSON.stringify({ type: 'dealUpdate', data: { title: 'a deal '.repeat(100) } });

describe('the bytes of a compressed frame', () => {
  const wide = { from: 256, windowBits: 15 };

  it('are made once for all receivers, and can be read without what came before', () => {
    const frame = { text: long };
    const bytes = deflated(frame, wide);
    expect(deflated(frame, { from: 1, windowBits: 12 })).toBe(bytes);
    expect(bytes.length).toBeLessThan(encoded(frame).length / 4);
    expect(bytes[0]).toBe(0xc1);
    const body = Buffer.concat([bytes.subarray(bytes[1] === 126 ? 4 : 2), Buffer.from([0, 0, 0xff, 0xff])]);
    expect(inflateRawSync(body, { finishFlush: 2 }).toString()).toBe(long);
  });

  it('are the plain ones where that is shorter, or the window of the receiver smaller than the payload', () => {
    for (const [text, compression] of [
      ['{"n":1}', wide],
      [long, { from: 256, windowBits: 9 }],
      [
        Array.from({ length: 300 }, (_, i) => String.fromCharCode(33 + ((i * 7919) % 90))).join(''),
        { from: 1, windowBits: 15 },
      ],
    ] as const) {
      const frame = { text };
      const bytes = deflated(frame, compression);
      if (bytes.length >= encoded(frame).length) expect(bytes).toBe(encoded(frame));
      else expect(text).not.toBe(long);
    }
  });
});

describe('a connection that negotiated compression', () => {
  let server: SocketServer;
  const clients: WebSocket[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.terminate();
    await server.stop();
  });

  const dial = async (options: object): Promise<WebSocket> => {
    const client = new WebSocket(`${server.url}/ws`, options);
    clients.push(client);
    await once(client, 'open');
    return client;
  };
  const echoed = async (client: WebSocket, text: string): Promise<string> => {
    client.send(text);
    const [data] = await once(client, 'message');
    return String(data);
  };

  it('gets long frames compressed, short ones as they are, each whole and in order', async () => {
    server = await socketServer({ compressFrom: 256 });
    for (const offer of [true, { serverMaxWindowBits: 10 }, { threshold: 0 }]) {
      const client = await dial({ perMessageDeflate: offer });
      expect(client.extensions).toBe('permessage-deflate');
      const texts = ['"short"', long, '"€"', long, '"end"'];
      const seen: string[] = [];
      const all = new Promise<void>((resolve) => {
        client.on('message', (data) => seen.push(String(data)) === texts.length && resolve());
      });
      for (const text of texts) client.send(text);
      await all;
      expect(seen).toEqual(texts);
    }
  });

  it('is served plainly where the client asks for none, or the server has none', async () => {
    server = await socketServer({ compressFrom: 256 });
    expect(await echoed(await dial({ perMessageDeflate: false }), long)).toBe(long);
    await server.stop();
    server = await socketServer();
    const client = await dial({ perMessageDeflate: true });
    expect(client.extensions).toBe('');
    expect(await echoed(client, long)).toBe(long);
  });

  it('may not send a message that is too large when it is unpacked', async () => {
    server = await socketServer({ compressFrom: 256, messageBytes: 1_000 });
    const client = await dial({ perMessageDeflate: { threshold: 0 } });
    client.send('x'.repeat(100_000));
    expect((await once(client, 'close'))[0]).toBe(1009);
  });
});
