import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { keptRequests } from './kept-requests.js';

let server: Server;
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const serve = async (listener: RequestListener, mayRepeat = true) => {
  server = createServer({ keepAliveTimeout: 60_000 }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return keptRequests(origin, { timeoutMs: 5_000, mayRepeat }).send;
};

const get = { method: 'GET', path: '/', headers: {} };

describe('a request over kept connections', () => {
  it('uses the one that is there', async () => {
    const sockets = new Set<Socket>();
    const send = await serve(({ socket }, response) => {
      sockets.add(socket);
      response.end();
    });
    for (let n = 0; n < 3; n += 1) expect(await send(get)).toEqual({ status: 200, text: '' });
    expect(sockets.size).toBe(1);
  });

  it('is sent once more where those have ended unheard', async () => {
    const seen: string[] = [];
    const known = new WeakSet<Socket>();
    const send = await serve(({ socket, method }, response) => {
      if (known.has(socket)) {
        socket.resetAndDestroy();
        return;
      }
      seen.push(method ?? '');
      known.add(socket);
      response.end();
    });
    await Promise.all([send(get), send(get)]);
    const body = new TextEncoder().encode('{}');
    expect((await send({ ...get, method: 'POST', body })).status).toBe(200);
    expect((await send(get)).status).toBe(200);
    expect(seen).toEqual(['GET', 'GET', 'POST', 'GET']);
  });

  it('is not sent again over a new one, nor where an answer had begun', async () => {
    let asked = 0;
    const send = await serve((request, response) => {
      asked += 1;
      if (asked === 1) response.end();
      else if (asked === 2) {
        response.writeHead(200, { 'content-length': '10' }).write('begun', () => request.socket.resetAndDestroy());
      } else request.socket.resetAndDestroy();
    });
    await send(get);
    await expect(send(get)).rejects.toThrow();
    await expect(send(get)).rejects.toThrow();
    expect(asked).toBe(3);
  });

  it('is never sent again where it must not be carried out twice', async () => {
    let asked = 0;
    const send = await serve(({ socket }, response) => {
      asked += 1;
      if (asked === 1) response.end();
      else socket.resetAndDestroy();
    }, false);
    await send(get);
    await expect(send(get)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(asked).toBe(2);
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const send = await serve(() => stop.abort());
    await expect(send({ ...get, signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('tells the words of a refusal', async () => {
    const send = await serve((_, response) => response.writeHead(403).end('{"message":"Forbidden"}'));
    expect(await send(get)).toEqual({ status: 403, text: '{"message":"Forbidden"}' });
  });
});
