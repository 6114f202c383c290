import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { clientFrame, RawClient } from '../testing/raw-client.js';
import { readFrames } from '../testing/read-frames.js';
import { type SocketServer, socketServer } from '../testing/socket-server.js';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly json: { type: string; data: { code: string; message: string; details?: object }; timestamp: number };
}

const parse = (bytes: Buffer): Answer => {
  const [head = '', body = ''] = bytes.toString().split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((each) => {
      const at = each.indexOf(':');
      return [each.slice(0, at).toLowerCase(), each.slice(at + 1).trim()];
    }),
  );
  return { status: Number(line.split(' ')[1]), headers, json: body === '' ? undefined : JSON.parse(body) } as Answer;
};

describe('an upgrade', () => {
  let server: SocketServer;
  let admitted: (() => void) | undefined;
  let releases: (() => void)[];
  const clients: RawClient[] = [];

  beforeEach(async () => {
    admitted = undefined;
    releases = [];
    server = await socketServer({
      open: async (token) => {
        if (token === 'slow') {
          await new Promise<void>((resolve) => {
            admitted = resolve;
            releases.push(resolve);
          });
        }
        if (token === 'crash') throw new Error('a fault');
        if (token === 'bad') return { accepted: false, status: 401, body: '{"type":"error","data":{},"timestamp":1}' };
        if (token === 'often') {
          return { accepted: false, status: 429, retryAfter: 7, body: '{"type":"error","data":{},"timestamp":1}' };
        }
        return undefined;
      },
    });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await server.stop();
  });

  /** Sends the lines of a request and reads the answer. */
  const ask = async (lines: readonly string[]): Promise<Answer> => {
    const client = await RawClient.connect(server.port);
    clients.push(client);
    client.socket.write([...lines, '', ''].join('\r\n'));
    return parse(
      await client.until((bytes) => bytes.includes('\r\n\r\n') && (bytes.includes(' 101 ') || bytes.includes('}'))),
    );
  };

  const request = (path: string, over: Record<string, string | undefined> = {}, method = 'GET'): string[] => {
    const headers = {
      Host: 'localhost',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...over,
    };
    return [
      `${method} ${path} HTTP/1.1`,
      ...Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])),
    ];
  };

  it('is answered as RFC 6455 says', async () => {
    const { status, headers } = await ask(request('/ws?token=t'));
    expect(status).toBe(101);
    expect(headers).toMatchObject({
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    });
    expect(headers).not.toHaveProperty('sec-websocket-protocol');
    expect(headers).not.toHaveProperty('sec-websocket-extensions');
  });

  it.each([
    ['chat, aideals.token.a.b.c, aideals.v1', 'aideals.v1'],
    ['aideals.v1', 'aideals.v1'],
    ['chat, superchat', undefined],
  ])('that offers %s is given %s, and never a token', async (offered, selected) => {
    const { status, headers } = await ask(request('/', { 'Sec-WebSocket-Protocol': offered }));
    expect([status, headers['sec-websocket-protocol']]).toEqual([101, selected]);
  });

  it('of a library that compresses is taken without compression', async () => {
    const client = new WebSocket(`${server.url}/prod?token=t`, ['aideals.v1'], { perMessageDeflate: true });
    await once(client, 'open');
    expect([client.protocol, client.extensions]).toEqual(['aideals.v1', '']);
    client.terminate();
  });

  it.each([
    [{ 'Sec-WebSocket-Version': '8' }, 426, 'Sec-WebSocket-Version: must be 13'],
    [{ 'Sec-WebSocket-Version': undefined }, 426, 'Sec-WebSocket-Version: must be 13'],
    [{ 'Sec-WebSocket-Key': 'short' }, 400, 'Sec-WebSocket-Key: must be 16 bytes in base64'],
    [{ 'Sec-WebSocket-Key': undefined }, 400, 'Sec-WebSocket-Key: must be 16 bytes in base64'],
    [{ Upgrade: 'h2c' }, 426, 'Upgrade: must be websocket, or absent'],
    [
      { 'Sec-WebSocket-Protocol': 'aideals.token.x' },
      400,
      'Sec-WebSocket-Protocol: must offer aideals.v1 beside aideals.token.<jwt>',
    ],
    [{ Origin: 'null' }, 403, 'pages of this origin may not connect'],
  ])('with %j is refused with %i', async (over, status, message) => {
    const answer = await ask(request('/ws', over));
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ type: 'error', data: { message } });
    expect(answer.json.timestamp).toBeGreaterThan(1_700_000_000);
    expect(answer.headers).toMatchObject({ connection: 'close', 'content-type': 'application/json; charset=utf-8' });
    if (status === 426) expect(answer.headers).toHaveProperty('upgrade', 'websocket');
    if (message.includes('Version')) expect(answer.headers).toHaveProperty('sec-websocket-version', '13');
  });

  it('elsewhere is 404, and by another method 405', async () => {
    expect(await ask(request('/nowhere'))).toMatchObject({ status: 404, json: { data: { code: 'VALIDATION_ERROR' } } });
    expect(await ask(request('/ws', {}, 'POST'))).toMatchObject({ status: 405, headers: { allow: 'GET' } });
  });

  it('is refused as the core says, with the headers that the status asks for', async () => {
    expect(await ask(request('/ws?token=bad'))).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
    });
    expect(await ask(request('/ws?token=often'))).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
    expect(server.refusals).toEqual([401, 429]);
  });

  it('that meets a fault is 500, and tells nothing of it', async () => {
    const answer = await ask(request('/ws?token=crash'));
    expect(answer).toMatchObject({ status: 500, json: { data: { code: 'INTERNAL_ERROR' } } });
    expect(JSON.stringify(answer)).not.toContain('a fault');
    expect(server.failures).toHaveLength(1);
  });

  it('while the door is closed is 503 with a delay, also where it closed meanwhile', async () => {
    const late = ask(request('/ws?token=slow'));
    while (admitted === undefined) await ask(request('/nowhere'));
    server.closeDoor(9);
    expect(await ask(request('/ws'))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '9' },
      json: { data: { code: 'CONNECTION_ERROR', details: { retryAfter: 9 } } },
    });
    admitted();
    expect(await late).toMatchObject({ status: 503 });
    expect(server.closedIds).toHaveLength(1);
    expect(server.sockets.size).toBe(0);
  });

  it('waits in line where many come at once, and is 503 with a delay where too many do', async () => {
    const first = [ask(request('/ws?token=slow')), ask(request('/ws?token=slow'))];
    while (releases.length < 2) await ask(request('/nowhere'));
    const gone = await RawClient.connect(server.port);
    gone.request('/ws');
    await ask(request('/nowhere'));
    const patient = ask(request('/ws'));
    await ask(request('/nowhere'));
    expect(await ask(request('/ws'))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      json: { data: { code: 'CONNECTION_ERROR' } },
    });
    gone.destroy();
    await ask(request('/nowhere'));
    for (const release of releases) release();
    expect((await Promise.all([...first, patient])).map(({ status }) => status)).toEqual([101, 101, 101]);
    expect(server.sockets.size).toBe(3);
  });

  it('of a client that leaves meanwhile leaves no connection behind', async () => {
    const client = await RawClient.connect(server.port);
    client.request('/ws?token=slow');
    while (admitted === undefined) await ask(request('/nowhere'));
    client.destroy();
    // The server has noticed when it has answered somebody after it.
    await ask(request('/nowhere'));
    admitted();
    await ask(request('/nowhere'));
    expect(server.closedIds).toEqual(['connection-1']);
    expect(server.sockets.size).toBe(0);
  });

  it('may be followed by frames in the same packet', async () => {
    const client = await RawClient.connect(server.port);
    clients.push(client);
    client.socket.write(Buffer.concat([Buffer.from(`${request('/ws').join('\r\n')}\r\n\r\n`), clientFrame('"early"')]));
    await client.until((bytes) => bytes.includes('"early"'));
    client.takeResponse();
    expect(readFrames(client.received).messages).toEqual(['"early"']);
  });
});
