import { once } from 'node:events';
import type { Continuation, Frame, Outcome } from '@aideals/core';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { round } from '../testing/fake-wire.js';
import { clientFrame, RawClient } from '../testing/raw-client.js';
import { readFrames } from '../testing/read-frames.js';
import { type SocketServer, type SocketServerOptions, socketServer } from '../testing/socket-server.js';
import { encodeText } from './encoding.js';

let server: SocketServer;
let clients: (WebSocket | RawClient)[] = [];

afterEach(async () => {
  for (const client of clients) {
    if (client instanceof WebSocket) client.terminate();
    else client.destroy();
  }
  clients = [];
  await server.stop();
});

const serve = async (options: SocketServerOptions = {}): Promise<void> => {
  server = await socketServer(options);
};

const open = async (): Promise<WebSocket> => {
  const client = new WebSocket(`${server.url}/ws`);
  clients.push(client);
  await once(client, 'open');
  return client;
};

const raw = async (): Promise<RawClient> => {
  const client = await RawClient.upgraded(server.port);
  clients.push(client);
  return client;
};

/** Collects messages; resolves when there are so many. */
const messages = (client: WebSocket, count: number): Promise<string[]> =>
  new Promise((resolve) => {
    const seen: string[] = [];
    client.on('message', (data) => {
      seen.push(String(data));
      if (seen.length === count) resolve(seen);
    });
  });

const closed = async (client: WebSocket): Promise<[number, string]> => {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return [code, String(reason)];
};

/** Outcomes that come when the test says so. */
const later = () => {
  const waiting = new Map<string, (outcome: Outcome) => void>();
  const arrived: (() => void)[] = [];
  return {
    frame: (_: unknown, text: string): Promise<Outcome> =>
      new Promise((resolve) => {
        waiting.set(text, resolve);
        for (const each of arrived.splice(0)) each();
      }),
    begun: (): string[] => [...waiting.keys()],
    until: async (count: number): Promise<void> => {
      while (waiting.size < count) await new Promise<void>((resolve) => arrived.push(resolve));
    },
    answer: (text: string, outcome: Outcome = { reply: { text } }): void => {
      waiting.get(text)?.(outcome);
    },
  };
};

describe('frames of one connection', () => {
  it('are answered in order, those of one tick in one write', async () => {
    await serve();
    const client = await raw();
    const writes = server.counters.writes;
    client.send(...Array.from({ length: 20 }, (_, i) => clientFrame(`"${i}"`)));
    await client.until((bytes) => readFrames(bytes).messages.length === 20);
    expect(readFrames(client.received).messages).toEqual(Array.from({ length: 20 }, (_, i) => `"${i}"`));
    expect(server.counters.writes - writes).toBe(1);
  });

  it('begin when the one before is done', async () => {
    const work = later();
    await serve({ frame: work.frame });
    const client = await open();
    const answers = messages(client, 3);
    for (const text of ['a', 'b', 'c']) client.send(text);
    await work.until(1);
    await round();
    expect(work.begun()).toEqual(['a']);
    work.answer('a');
    await work.until(2);
    work.answer('b');
    await work.until(3);
    work.answer('c');
    expect(await answers).toEqual(['a', 'b', 'c']);
  });

  it('may overlap where they are pipelined, and are answered in order all the same', async () => {
    const work = later();
    await serve({ frame: work.frame, pipelined: (text) => text.startsWith('p') });
    const client = await open();
    const answers = messages(client, 5);
    for (const text of ['p1', 'p2', 'x', 'p3', 'p4']) client.send(text);
    await work.until(2);
    await round();
    expect(work.begun()).toEqual(['p1', 'p2']);
    work.answer('p2');
    await round();
    work.answer('p1');
    await work.until(3);
    expect(work.begun()).toEqual(['p1', 'p2', 'x']);
    work.answer('x');
    await work.until(5);
    work.answer('p4');
    work.answer('p3');
    expect(await answers).toEqual(['p1', 'p2', 'x', 'p3', 'p4']);
  });

  it('wait for the opening', async () => {
    let opened: (outcome: Outcome) => void = () => undefined;
    await serve({
      opened: () =>
        new Promise((resolve) => {
          opened = resolve;
        }),
    });
    const client = await open();
    const answers = messages(client, 2);
    client.send('"early"');
    await round();
    opened({ pushes: [{ to: ['connection-1'], frame: { text: '"waited"' } }] });
    expect(await answers).toEqual(['"waited"', '"early"']);
  });

  it('stop being read when 64 wait, and go on when half are done', async () => {
    const work = later();
    await serve({ frame: work.frame, pipelined: () => true });
    const client = await open();
    for (let i = 0; i < 64; i += 1) client.send(`"${i}"`);
    await work.until(64);
    // In writes of its own, which are not read.
    const answers = messages(client, 65);
    client.send('"one more"');
    await round();
    await round();
    expect(work.begun()).toHaveLength(64);
    for (let i = 0; i < 32; i += 1) work.answer(`"${i}"`);
    await work.until(65);
    for (const text of work.begun()) work.answer(text);
    expect(await answers).toHaveLength(65);
  });

  it('that fail close with 1011, and the operator is told', async () => {
    await serve({
      frame: (_, text) => {
        if (text === 'sync') throw new Error('a fault');
        return Promise.reject(new Error('a later fault'));
      },
    });
    for (const text of ['sync', 'async']) {
      const client = await open();
      client.send(text);
      expect(await closed(client)).toEqual([1011, 'internal error']);
    }
    expect(server.failures).toHaveLength(2);
  });
});

describe('an outcome', () => {
  it('is applied in order: record, reply, pushes, close', async () => {
    let seen: unknown;
    await serve({
      frame: (record) => {
        seen = record.tokenExp;
        return {
          record: { tokenExp: 7 },
          reply: { text: '"reply"' },
          pushes: [
            { to: ['connection-1', 'gone'], frame: { text: '"push"' } },
            { to: ['connection-1'], frame: { text: '"another"' } },
          ],
          ...(record.tokenExp === 7 ? { close: { code: 4001 } } : {}),
        };
      },
    });
    const client = await open();
    const answers = messages(client, 6);
    const end = closed(client);
    client.send('"1"');
    client.send('"2"');
    expect(await answers).toEqual(['"reply"', '"push"', '"another"', '"reply"', '"push"', '"another"']);
    expect(await end).toEqual([4001, 'token expired']);
    expect(seen).toBe(7);
    expect(server.patches).toEqual([{ tokenExp: 7 }, { tokenExp: 7 }]);
    // The opening, and two frames.
    expect(server.exchanges()).toBe(3);
    expect(server.closedIds).toEqual(['connection-1']);
    expect(server.gateway.alive('connection-1')).toBe(false);
  });
});

describe('long work', () => {
  const page = (at: number, size: number, bytes: number): Frame[] =>
    Array.from({ length: size }, (_, i) => ({ text: JSON.stringify({ n: at * size + i, filler: 'x'.repeat(bytes) }) }));

  /** A replay of so many pages. */
  const replaying = (pages: number, size: number, bytes: number) => ({
    frame: (): Outcome => ({ reply: { text: '"begun"' }, next: [{ kind: 'catchup', after: 0 }] }),
    resume: async (_: unknown, continuation: Continuation): Promise<Outcome> => {
      const at = (continuation as Extract<Continuation, { kind: 'catchup' }>).after;
      const pushes = page(at, size, bytes).map((frame) => ({ to: ['connection-1'], frame }));
      return { pushes, next: at + 1 < pages ? [{ kind: 'catchup', after: at + 1 }] : [] };
    },
  });

  it('never closes a reader that goes on reading, however slowly, and holds no more than a page for it', async () => {
    // 14 MB in pages of 1.2 MB, each over the hard mark.
    const pages = 12;
    const total = pages * 20;
    await serve(replaying(pages, 20, 60_000));
    const client = await raw();
    const frames = Array.from({ length: pages }, (_, at) => page(at, 20, 60_000)).flat();
    const bytes = [{ text: '"begun"' }, ...frames].reduce((sum, { text }) => sum + encodeText(text).length, 0);
    const before = client.socket.bytesRead;
    client.socket.pause();
    client.send(clientFrame('"go"'));
    while (client.socket.bytesRead - before < bytes) {
      client.socket.resume();
      await once(client.socket, 'data');
      client.socket.pause();
      await round();
    }
    client.socket.resume();
    await client.until((received) => received.length === bytes);
    const { messages: texts } = readFrames(client.received);
    expect(texts.slice(1).map((text) => JSON.parse(text).n)).toEqual(Array.from({ length: total }, (_, i) => i));
    expect(server.closeCodes).toEqual([]);
  });

  it('of two kinds is done one after the other', async () => {
    await serve({
      frame: () => ({
        next: [
          { kind: 'replay', subscriptionId: 'a', after: 0, until: 3, replayed: 0 },
          { kind: 'replay', subscriptionId: 'b', after: 0, until: 3, replayed: 0 },
        ],
      }),
      resume: (_, continuation) => {
        const at = continuation as Extract<Continuation, { kind: 'replay' }>;
        const frame = { text: `"${at.subscriptionId}${at.after}"` };
        return {
          pushes: [{ to: ['connection-1'], frame }],
          next: at.after < at.until ? [{ ...at, after: at.after + 1 }] : [],
        };
      },
    });
    const client = await open();
    const answers = messages(client, 8);
    client.send('go');
    expect(await answers).toEqual(['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'b3'].map((text) => `"${text}"`));
  });

  it('stands still while the token of the connection is expired', async () => {
    let resumed = 0;
    await serve({
      frame: (_, text) => {
        if (text === 'go') return { next: [{ kind: 'catchup', after: 0 }] };
        return { reply: { text: `"${text}"` }, ...(text === 'refresh' ? { record: { expired: false } } : {}) };
      },
      resume: () => {
        resumed += 1;
        const pushes = ['"1"', '"2"'].map((text) => ({ to: ['connection-1'], frame: { text } }));
        return { pushes, ...(resumed === 1 ? { next: [{ kind: 'catchup', after: 1 }] } : {}) };
      },
    });
    const client = await open();
    const answers = messages(client, 6);
    server.sockets.get('connection-1')?.apply({ record: { expired: true } });
    client.send('go');
    client.send('ping');
    await once(client, 'message');
    await round();
    expect(resumed).toBe(0);
    client.send('refresh');
    expect(await answers).toEqual(['"ping"', '"refresh"', '"1"', '"2"', '"1"', '"2"']);
  });

  it('lets answers pass, and ends with the connection', async () => {
    let resumed = 0;
    const work = replaying(Number.POSITIVE_INFINITY, 2, 100);
    await serve({
      frame: (_, text) => (text === 'go' ? work.frame() : { reply: { text: `"${text}"` } }),
      resume: (record, continuation) => {
        resumed += 1;
        return work.resume(record, continuation);
      },
    });
    const client = await open();
    client.send('go');
    await messages(client, 100);
    const answer = new Promise<void>((resolve) => {
      client.on('message', (data) => {
        if (String(data) === '"ping"') resolve();
      });
    });
    client.send('ping');
    await answer;
    const gone = server.nextClose();
    client.terminate();
    await gone;
    const before = resumed;
    for (let i = 0; i < 5; i += 1) await round();
    expect(resumed - before).toBeLessThanOrEqual(1);
  });
});

const isClosing = (bytes: Buffer): boolean => readFrames(bytes).closed !== undefined;

describe('what breaks the protocol', () => {
  const sent = async (...bytes: Uint8Array[]): Promise<{ code: number | undefined; messages: string[] }> => {
    const client = await raw();
    const gone = server.nextClose();
    client.send(clientFrame('"before"'), ...bytes);
    const { closed: code, messages: texts } = readFrames(await client.until(isClosing));
    client.socket.end(clientFrame(Buffer.alloc(0), 0x88));
    await gone;
    return { code, messages: texts };
  };

  it.each([
    ['a binary frame', [clientFrame('x', 0x82)], 1003],
    ['text that is not UTF-8', [clientFrame(Buffer.from([0xff, 0xfe]))], 1007],
    ['a message over the limit', [clientFrame('x'.repeat(1_001))], 1009],
    [
      'a message over the limit in fragments',
      [clientFrame('x'.repeat(600), 1), clientFrame('x'.repeat(600), 0x80)],
      1009,
    ],
    ['too many fragments', [clientFrame('x', 1), ...Array.from({ length: 20 }, () => clientFrame('x', 0))], 1008],
    ['a frame that is not masked', [Buffer.from([0x81, 1, 0x78])], 1002],
    ['a reserved bit', [clientFrame('x', 0xc1)], 1002],
    ['an unknown opcode', [clientFrame('x', 0x83)], 1002],
    ['a continuation of nothing', [clientFrame('x', 0x80)], 1002],
    ['a ping in fragments', [clientFrame('x', 0x09)], 1002],
    ['a close frame with a code that may not be sent', [clientFrame(Buffer.from([0x03, 0xed]), 0x88)], 1002],
  ])('closes with its code, after what came before is answered: %s', async (_, bytes, code) => {
    await serve({ messageBytes: 1_000 });
    expect(await sent(...bytes)).toEqual({ code, messages: ['"before"'] });
    expect(server.closeCodes).toEqual([code]);
    expect(server.closedIds).toEqual(['connection-1']);
  });

  it('waits for an exchange that is under way', async () => {
    const work = later();
    await serve({ frame: work.frame });
    const client = await raw();
    client.send(clientFrame('slow'), clientFrame('x', 0x82));
    await work.until(1);
    await round();
    work.answer('slow');
    expect(readFrames(await client.until(isClosing))).toMatchObject({ messages: ['slow'], closed: 1003 });
  });

  it('does not reach other connections', async () => {
    await serve();
    const other = await open();
    await sent(clientFrame('x', 0x82));
    const answer = messages(other, 1);
    other.send('"still here"');
    expect(await answer).toEqual(['"still here"']);
  });
});

describe('the end', () => {
  it('that a client asks for comes after the answers that are there', async () => {
    await serve();
    const client = await raw();
    client.send(clientFrame('"1"'), clientFrame('"2"'), clientFrame(Buffer.from([0x03, 0xe8]), 0x88));
    expect(readFrames(await client.ended())).toMatchObject({ messages: ['"1"', '"2"'], closed: 1000 });
    expect(server.closedIds).toEqual(['connection-1']);
  });

  it('of the link is noticed', async () => {
    await serve();
    const client = await open();
    const gone = server.nextClose();
    client.terminate();
    await gone;
    expect(server.closeCodes).toEqual([1006]);
    expect(server.closedIds).toEqual(['connection-1']);
    expect(server.sockets.size).toBe(0);
  });

  it('of a drain comes after what is under way and what waits', async () => {
    const work = later();
    await serve({ frame: work.frame });
    const client = await open();
    const answers = messages(client, 2);
    const end = closed(client);
    client.send('slow');
    await work.until(1);
    for (const session of server.sockets) {
      session.push({ text: '"waits"' });
      session.drain(5_000);
    }
    await round();
    work.answer('slow');
    expect(await answers).toEqual(['"waits"', 'slow']);
    expect(await end).toEqual([1012, 'restarting']);
  });
});

describe('pings of a client', () => {
  it('are answered with their payload, ahead of what waits', async () => {
    await serve();
    const client = await raw();
    client.send(clientFrame('now', 0x89));
    await client.until((bytes) => readFrames(bytes).pongs.length === 1);
    expect(readFrames(client.received).pongs).toEqual(['now']);
  });
});
