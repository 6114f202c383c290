import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket as ServerSocket, WebSocket, WebSocketServer } from 'ws';
import { type Client, createClient } from './client.js';
import type { AidealsError } from './errors.js';
import type { ServerFrame } from './generated/wire.js';
import type { ClientOptions } from './options.js';

/** Stands in for the server: it answers upgrades, and what a test says for each connection. */
let http: Server;
let sockets: WebSocketServer;
let refusal: { status: number; body: string; headers?: Record<string, string> } | undefined;
let clients: Client[] = [];

const url = (): string => `http://127.0.0.1:${(http.address() as AddressInfo).port}/ws`;

const client = (options: Partial<ClientOptions> = {}): Client => {
  const made = createClient({ url: url(), token: 'a.b.c', WebSocket, timing: { baseDelay: 1 }, ...options });
  clients.push(made);
  return made;
};

const nextConnection = async (): Promise<[ServerSocket, IncomingMessage]> =>
  (await once(sockets, 'connection')) as [ServerSocket, IncomingMessage];

const nextFrame = async (socket: ServerSocket): Promise<{ action: string; data: object; requestId: string }> => {
  const [text] = await once(socket, 'message');
  return JSON.parse(String(text));
};

const errorBody = (code: string): string =>
  JSON.stringify({ type: 'error', data: { code, message: 'no' }, timestamp: 1 });

beforeEach(async () => {
  refusal = undefined;
  http = createServer((_request, response) => {
    response.writeHead(refusal?.status ?? 426, refusal?.headers);
    response.end(refusal?.body ?? errorBody('VALIDATION_ERROR'));
  });
  sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'aideals.v1' });
  http.on('upgrade', (request, socket, head) => {
    if (refusal === undefined)
      sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request));
    else socket.end(`HTTP/1.1 ${refusal.status} No\r\nContent-Length: 0\r\n\r\n`);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});

afterEach(async () => {
  await Promise.all(clients.map((one) => one.close()));
  clients = [];
  for (const socket of sockets.clients) socket.terminate();
  http.close();
  http.closeAllConnections();
});

describe('over real sockets', () => {
  it('the handshake offers the subprotocol and the token, and an action is answered', async () => {
    const pong = client().actions.ping();
    const [socket, request] = await nextConnection();
    expect(request.headers['sec-websocket-protocol']).toBe('aideals.v1,aideals.token.a.b.c');
    expect(request.url).toBe('/ws');
    const { requestId } = await nextFrame(socket);
    socket.send(JSON.stringify({ type: 'pong', data: {}, requestId, timestamp: 1 }));
    expect(await pong).toEqual({});
  });

  it('a link that breaks is dialled anew, and the subscription resumes', async () => {
    const subscription = client().subscribe({ topic: 'new-deals' });
    const [first] = await nextConnection();
    const ask = await nextFrame(first);
    const data = { subscriptionId: 'x', topic: 'new-deals', filters: {}, status: 'active', lastEventId: 'e-1' };
    first.send(JSON.stringify({ type: 'subscriptionConfirmed', data, requestId: ask.requestId, timestamp: 1 }));
    await subscription.ready;
    first.terminate();
    const [second] = await nextConnection();
    expect((await nextFrame(second)).data).toEqual({ topic: 'new-deals', filters: {}, lastEventId: 'e-1' });
  });

  it('the end is a closing handshake', async () => {
    const one = client();
    const connected = new Promise((resolve) => one.on('connect', resolve));
    const [socket] = await nextConnection();
    await connected;
    const ended = once(socket, 'close');
    await one.close();
    expect((await ended)[0]).toBe(1000);
  });

  it('a token that the server refuses is told in the server’s words, and ends it', async () => {
    refusal = { status: 401, body: errorBody('AUTHENTICATION_ERROR') };
    const one = client();
    const error = await new Promise<AidealsError>((resolve) => one.on('error', resolve));
    expect(error).toMatchObject({ code: 'AUTHENTICATION_ERROR', details: { status: 401 } });
    expect(one.state).toMatchObject({ status: 'closed', error });
  });

  it('a server that asks for time is given it', async () => {
    refusal = { status: 503, body: errorBody('CONNECTION_ERROR'), headers: { 'retry-after': '60' } };
    const one = client();
    await new Promise((resolve) => one.on('error', resolve));
    expect(one.state.status).toBe('waiting');
    expect(one.state.retryInMs).toBeGreaterThan(59_000);
  });

  it('an answer of something else than this server says nothing', async () => {
    refusal = { status: 403, body: '{"message":"Forbidden"}' };
    const errors: AidealsError[] = [];
    const one = client();
    one.on('error', (error) => errors.push(error));
    await new Promise<void>((resolve) => one.on('state', ({ attempt }) => attempt >= 3 && resolve()));
    refusal = undefined;
    await nextConnection();
    expect(errors).toEqual([]);
  });

  it('every frame is heard of', async () => {
    const heard = new Promise<ServerFrame>((resolve) => client().on('message', resolve));
    const [socket] = await nextConnection();
    socket.send(JSON.stringify({ type: 'notification', data: {}, timestamp: 1 }));
    expect(await heard).toMatchObject({ type: 'notification' });
  });
});
