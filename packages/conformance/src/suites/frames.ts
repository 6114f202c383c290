import { expect } from 'vitest';
import type { Bench } from '../bench.js';
import { closePayload, encodeFrame, type FrameInit, opcodes } from '../frame-codec.js';
import type { RawClient } from '../raw-client.js';
import { onTargets } from '../suite.js';

const { binary, close, continuation, ping, pong, text } = opcodes;

const open = async (bench: Bench): Promise<RawClient> => {
  const dialled = await bench.dial();
  if (!dialled.open) throw new Error(`refused: ${dialled.head.status}`);
  return dialled.client;
};

const pingFrame = (requestId: string): string => JSON.stringify({ action: 'ping', requestId });

/** The next answer's type and requestId. */
const heard = async (client: RawClient): Promise<string> => {
  const frame = JSON.parse(await client.takeMessage()) as { type: string; requestId?: string };
  return `${frame.type} ${frame.requestId}`;
};

onTargets('Frames', {}, (bench, check) => {
  check('[FRAME-1] a message may come in fragments, also empty ones, with control frames between', async () => {
    const client = await open(bench);
    const message = Buffer.from(pingFrame('fragments'));
    client.send(
      { opcode: text, fin: false, payload: '' },
      { opcode: continuation, fin: false, payload: message.subarray(0, 3) },
      { opcode: ping, payload: 'between' },
      { opcode: continuation, fin: false, payload: '' },
      { opcode: pong, payload: 'unasked' },
      { opcode: continuation, fin: false, payload: message.subarray(3) },
      { opcode: ping, payload: 'again' },
      { opcode: continuation, fin: true, payload: '' },
    );
    expect(await heard(client)).toBe('pong fragments');
    expect((await client.frameOf(pong)).payload.toString()).toBe('between');
    expect((await client.frameOf(pong, 1)).payload.toString()).toBe('again');
  });

  check('[FRAME-1] a UTF-8 character may be split over fragments', async () => {
    const client = await open(bench);
    const message = Buffer.from(pingFrame('😀ä€'));
    const bytes = [...message].map(
      (byte, n): FrameInit => ({
        opcode: n === 0 ? text : continuation,
        fin: n === message.length - 1,
        payload: Uint8Array.of(byte),
      }),
    );
    client.send(...bytes);
    expect(await heard(client)).toBe('pong 😀ä€');
  });

  check('[FRAME-2] a ping is answered with its payload, and an unasked pong is ignored', async () => {
    const client = await open(bench);
    const payloads = ['', 'hello', Buffer.from([0, 255, 254, 128]), Buffer.alloc(125, 7)];
    for (const [n, payload] of payloads.entries()) {
      client.send({ opcode: pong, payload: 'unasked' }, { opcode: ping, payload });
      expect((await client.frameOf(pong, n)).payload.equals(Buffer.from(payload))).toBe(true);
    }
    client.send({ opcode: text, payload: pingFrame('after') });
    expect(await heard(client)).toBe('pong after');
  });

  check('[FRAME-3] bytes may arrive one by one, and many frames at once', async () => {
    const client = await open(bench);
    for (const byte of encodeFrame({ opcode: text, payload: pingFrame('slow') })) client.sendBytes(Uint8Array.of(byte));
    expect(await heard(client)).toBe('pong slow');
    const many = Array.from({ length: 100 }, (_, n) => encodeFrame({ opcode: text, payload: pingFrame(`${n}`) }));
    const whole = Buffer.concat(many);
    client.sendBytes(whole.subarray(0, 1001));
    client.sendBytes(whole.subarray(1001));
    const answers: string[] = [];
    while (answers.length < many.length) answers.push(await heard(client));
    const expected = many.map((_, n) => `pong ${n}`);
    if (bench.target.kind === 'serverless') for (const list of [answers, expected]) list.sort();
    expect(answers).toEqual(expected);
  });

  check('[FRAME-4] server frames are whole, unmasked text', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    await session.ask('subscribeToDeals', { topic });
    for (const size of [1, 200, 70_000, 120_000]) {
      await bench.publish(topic, { pad: 'x'.repeat(size) });
      await session.take('dealUpdate');
    }
    session.raw.send({ opcode: ping, payload: 'p' });
    await session.raw.frameOf(pong);
    const data = session.raw.frames.filter((frame) => frame.opcode < 8);
    expect(data.every((frame) => frame.opcode === text && frame.fin)).toBe(true);
    expect(session.raw.violations).toEqual([]);
  });

  check('[CLOSE-1] a close frame is answered with the same code, then the connection ends', async () => {
    for (const code of [1000, 1001, 1008, 1011, 3000, 4000, 4999]) {
      const client = await open(bench);
      client.send({ opcode: close, payload: closePayload(code, 'bye ä') });
      expect((await client.closing()).code, String(code)).toBe(code);
    }
    const client = await open(bench);
    client.send({ opcode: close });
    expect([1000, 1005]).toContain((await client.closing()).code);
  });

  check('[CLOSE-1] what the client sends after its close frame is not handled', async () => {
    const client = await open(bench);
    client.send({ opcode: close, payload: closePayload(1000) }, { opcode: text, payload: pingFrame('late') });
    expect((await client.closing()).code).toBe(1000);
    expect(client.messages).toEqual([]);
  });

  const breaches: Record<string, readonly FrameInit[]> = {
    'an unmasked frame': [{ opcode: text, payload: pingFrame('x'), mask: false }],
    'an unmasked ping': [{ opcode: ping, mask: false }],
    'the first reserved bit': [{ opcode: text, payload: pingFrame('x'), rsv1: true }],
    'the second reserved bit': [{ opcode: text, payload: pingFrame('x'), rsv2: true }],
    'the third reserved bit': [{ opcode: text, payload: pingFrame('x'), rsv3: true }],
    'a reserved bit on a ping': [{ opcode: ping, rsv1: true }],
    'a reserved data opcode': [{ opcode: 3, payload: 'x' }],
    'another reserved data opcode': [{ opcode: 7, payload: 'x' }],
    'a reserved control opcode': [{ opcode: 11 }],
    'the last reserved control opcode': [{ opcode: 15 }],
    'a fragmented ping': [{ opcode: ping, fin: false, payload: 'a' }],
    'a fragmented close': [{ opcode: close, fin: false, payload: closePayload(1000) }],
    'a ping over 125 bytes': [{ opcode: ping, payload: Buffer.alloc(126) }],
    'a close over 125 bytes': [{ opcode: close, payload: closePayload(1000, 'x'.repeat(124)) }],
    'a continuation of nothing': [{ opcode: continuation, payload: 'x' }],
    'a last continuation after a whole message': [
      { opcode: text, payload: pingFrame('x') },
      { opcode: continuation, fin: true, payload: 'x' },
    ],
    'a new message inside a fragmented one': [
      { opcode: text, fin: false, payload: '{' },
      { opcode: text, payload: '}' },
    ],
    'a close frame with one byte': [{ opcode: close, payload: Uint8Array.of(3) }],
    ...Object.fromEntries(
      [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535].map((code) => [
        `a close with the code ${code}`,
        [{ opcode: close, payload: closePayload(code) }],
      ]),
    ),
  };

  check('[CLOSE-2][STOP-3] what breaks RFC 6455 is answered with 1002', async () => {
    const codes: Record<string, number> = {};
    const expected: Record<string, number> = {};
    for (const [what, frames] of Object.entries(breaches)) {
      const client = await open(bench);
      client.send(...frames);
      codes[what] = (await client.closing()).code;
      expected[what] = 1002;
    }
    expect(codes).toEqual(expected);
  });

  check('[CLOSE-3] a binary message is answered with 1003', async () => {
    for (const payload of [pingFrame('x'), '', Buffer.from([0, 1, 2])]) {
      const client = await open(bench);
      client.send({ opcode: binary, payload });
      expect(await client.closing()).toMatchObject({ code: 1003 });
    }
    const client = await open(bench);
    client.send({ opcode: binary, fin: false, payload: '{' }, { opcode: continuation, payload: '}' });
    expect(await client.closing()).toMatchObject({ code: 1003 });
  });

  check('[CLOSE-4] text that is not UTF-8 is answered with 1007', async () => {
    const wrong = {
      'a lone continuation byte': [0x80],
      'a byte that never is': [0xff],
      'an overlong form': [0xc0, 0xaf],
      'a surrogate': [0xed, 0xa0, 0x80],
      'past the last character': [0xf4, 0x90, 0x80, 0x80],
      'a cut character': [0xe2, 0x82],
    };
    for (const [what, bytes] of Object.entries(wrong)) {
      const client = await open(bench);
      client.send({ opcode: text, payload: Buffer.concat([Buffer.from('{"action":"'), Buffer.from(bytes)]) });
      expect((await client.closing()).code, what).toBe(1007);
    }
    const split = await open(bench);
    split.send({ opcode: text, fin: false, payload: Uint8Array.of(0xe2) }, { opcode: continuation, payload: 'x' });
    expect(await split.closing()).toMatchObject({ code: 1007 });
    const reason = await open(bench);
    reason.send({ opcode: close, payload: closePayload(1000, Uint8Array.of(0xff, 0xfe)) });
    expect(await reason.closing()).toMatchObject({ code: 1007 });
  });

  check('[CLOSE-5] a message of too many fragments is answered with 1008', async () => {
    const piece = encodeFrame({ opcode: continuation, fin: false, payload: ' ' });
    const message = (count: number) => [
      encodeFrame({ opcode: text, fin: false, payload: pingFrame('many') }),
      ...Array<Buffer>(count - 2).fill(piece),
    ];
    const fine = await open(bench);
    fine.sendBytes(Buffer.concat([...message(16_000), encodeFrame({ opcode: continuation, payload: ' ' })]));
    expect(await heard(fine)).toBe('pong many');
    const client = await open(bench);
    client.sendBytes(Buffer.concat([...message(16_400), encodeFrame({ opcode: continuation, payload: ' ' })]));
    expect(await client.closing()).toMatchObject({ code: 1008 });
  });

  const message = (bytes: number): string => {
    const bare = JSON.stringify({ action: 'ping', requestId: 'big', data: { pad: '' } });
    return bare.replace('"pad":""', `"pad":"${'x'.repeat(bytes - bare.length)}"`);
  };

  check('[LIMIT-1][CLOSE-6] it is so in frames of 32 KiB too', async () => {
    const client = await open(bench);
    client.sendText(message(131_072));
    expect(await heard(client)).toBe('pong big');
    client.sendText(message(131_073));
    expect(await client.closing()).toMatchObject({ code: 1009 });
  });

  check('[LIMIT-1][CLOSE-6] a message of 131,072 bytes is handled, and one byte more is 1009', async () => {
    const client = await open(bench);
    client.send({ opcode: text, payload: message(131_072) });
    expect(await heard(client)).toBe('pong big');
    const whole = message(131_072);
    client.send(
      { opcode: text, fin: false, payload: whole.slice(0, 70_000) },
      { opcode: continuation, payload: whole.slice(70_000) },
    );
    expect(await heard(client)).toBe('pong big');
    client.send({ opcode: text, payload: message(131_073) });
    expect(await client.closing()).toMatchObject({ code: 1009 });
    const fragments = await open(bench);
    const over = message(131_073);
    fragments.send(
      { opcode: text, fin: false, payload: over.slice(0, 131_000) },
      { opcode: continuation, payload: over.slice(131_000) },
    );
    expect(await fragments.closing()).toMatchObject({ code: 1009 });
  });

  check('[CLOSE-6] a header that announces too much is enough', async () => {
    for (const claimedLength of [131_073, 4_294_967_296, Number.MAX_SAFE_INTEGER]) {
      const client = await open(bench);
      client.send({ opcode: text, payload: 'x', claimedLength });
      expect((await client.closing()).code, String(claimedLength)).toBe(1009);
    }
  });

  check('[STOP-3] bytes that are no frames, and links that break anywhere, end no server', async () => {
    const bystander = await bench.openSettled();
    for (let n = 0; n < 20; n += 1) {
      const client = await open(bench);
      client.sendBytes(Buffer.from(Array.from({ length: 200 }, (_, k) => (k * 37 + n * 91) & 0xff)));
      expect((await bystander.ask('ping')).type).toBe('pong');
      client.destroy();
    }
    for (const bytes of [[], [0x81], [0x81, 0xfe], [0x81, 0x85, 1, 2], [0x01, 0x81, 0, 0, 0, 0, 0x7b]]) {
      const client = await open(bench);
      client.sendBytes(Uint8Array.from(bytes));
      client.destroy();
      await client.closed;
    }
    expect((await bystander.ask('ping')).type).toBe('pong');
    expect((await bench.server.call('GET', '/healthz')).status).toBe(200);
    await bench.openSettled();
  });
});
