import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { closePayload, encodeFrame, FrameReader, opcodes } from './frame-codec.js';
import { RawClient } from './raw-client.js';

describe('FrameReader', () => {
  const sizes = [0, 1, 125, 126, 65_535, 65_536, 200_000];

  test.each(sizes)('reads back a frame of %i bytes, however it is cut', (size) => {
    const payload = Buffer.alloc(size, 'x');
    const bytes = encodeFrame({ opcode: opcodes.text, payload });
    for (const step of [1, 7, bytes.length]) {
      if (step === 1 && size > 1000) continue;
      const reader = new FrameReader();
      const frames = [];
      for (let at = 0; at < bytes.length; at += step) frames.push(...reader.push(bytes.subarray(at, at + step)));
      expect(frames).toHaveLength(1);
      expect(frames[0]).toMatchObject({ opcode: 1, fin: true, rsv1: false, masked: true });
      expect(frames[0]?.payload.equals(payload)).toBe(true);
    }
  });

  test('reads many frames from one chunk, and shows bits as they are', () => {
    const reader = new FrameReader();
    const frames = reader.push(
      Buffer.concat([
        encodeFrame({ opcode: opcodes.text, payload: 'a', fin: false, mask: false }),
        encodeFrame({ opcode: opcodes.ping, payload: 'p', rsv1: true, rsv3: true }),
        encodeFrame({ opcode: opcodes.continuation, payload: 'b' }),
      ]),
    );
    expect(frames.map(({ payload, ...bits }) => ({ ...bits, text: payload.toString() }))).toEqual([
      { opcode: 1, fin: false, rsv1: false, rsv2: false, rsv3: false, masked: false, text: 'a' },
      { opcode: 9, fin: true, rsv1: true, rsv2: false, rsv3: true, masked: true, text: 'p' },
      { opcode: 0, fin: true, rsv1: false, rsv2: false, rsv3: false, masked: true, text: 'b' },
    ]);
  });
});

describe('RawClient against a server made with ws', () => {
  let web: HttpServer;
  let sockets: WebSocketServer;
  let url: string;

  beforeEach(async () => {
    web = createServer((_, answer) => answer.writeHead(404).end('{"not":"found"}'));
    sockets = new WebSocketServer({
      server: web,
      perMessageDeflate: { threshold: 1000 },
      handleProtocols: (offered) => (offered.has('one') ? 'one' : false),
      verifyClient: ({ req }: { req: IncomingMessage }) => req.url !== '/closed',
    });
    sockets.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('message', (bytes) => {
        const text = bytes.toString();
        if (text === 'close') socket.close(4003, 'by an administrator');
        else if (text === 'cut') socket.terminate();
        else socket.send(text);
      });
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => web.close(resolve));
  });

  const dial = async (options: Parameters<typeof RawClient.dial>[1] = {}) => {
    const dialled = await RawClient.dial(url, options);
    if (!dialled.open) throw new Error(`refused: ${dialled.head.status}`);
    return dialled;
  };

  test('is answered, and told of the close with its code', async () => {
    const { client, head } = await dial({ protocols: ['one', 'two'] });
    expect(head.headers['sec-websocket-protocol']).toBe('one');
    client.sendText('hello');
    expect(await client.takeMessage()).toBe('hello');
    client.sendText('close');
    expect(await client.closing()).toEqual({ code: 4003, reason: 'by an administrator' });
    expect(client.violations).toEqual([]);
  });

  test('gives a refusal with its body', async () => {
    expect(await RawClient.dial(url, { path: '/closed' })).toMatchObject({
      open: false,
      head: { status: 401 },
      body: 'Unauthorized',
    });
    const plain = await RawClient.dial(url, { headers: { Upgrade: null, Connection: 'close' } });
    expect(plain).toMatchObject({ open: false, head: { status: 404 }, body: '{"not":"found"}' });
  });

  test('sees 1006 where the link breaks, and whoever waits is told', async () => {
    const { client } = await dial();
    const waiting = expect(client.takeMessage()).rejects.toThrow('waited for a message, but the connection was closed');
    client.sendText('cut');
    expect(await client.closing()).toEqual({ code: 1006, reason: '' });
    await waiting;
  });

  test('closes by itself', async () => {
    const { client } = await dial();
    expect(await client.close(1000, 'bye')).toMatchObject({ code: 1000 });
  });

  test('answers pings, and sends what a client must not', async () => {
    const { client } = await dial();
    const ponged = new Promise<string>((resolve) => {
      for (const socket of sockets.clients) {
        socket.once('pong', (bytes) => resolve(bytes.toString()));
        socket.ping('are you there');
      }
    });
    expect(await ponged).toBe('are you there');
    client.send({ opcode: opcodes.text, payload: 'x', mask: false });
    expect(await client.closing()).toMatchObject({ code: 1002 });
  });

  test('reads a compressed message', async () => {
    const { client, head } = await dial({
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_no_context_takeover' },
    });
    expect(head.headers['sec-websocket-extensions']).toContain('permessage-deflate');
    const text = 'deal '.repeat(1000);
    client.sendText(text);
    expect(await client.takeMessage()).toBe(text);
    expect(client.frames.some((frame) => frame.rsv1)).toBe(true);
    expect(client.violations).toEqual([]);
  });

  test('sends fragments and close frames of its own making', async () => {
    const { client } = await dial();
    client.send(
      { opcode: opcodes.text, payload: 'he', fin: false },
      { opcode: opcodes.ping, payload: 'p' },
      { opcode: opcodes.continuation, payload: 'llo' },
    );
    expect(await client.takeMessage()).toBe('hello');
    expect((await client.frameOf(opcodes.pong)).payload.toString()).toBe('p');
    client.send({ opcode: opcodes.close, payload: closePayload(999) });
    expect(await client.closing()).toMatchObject({ code: 1002 });
  });
});
