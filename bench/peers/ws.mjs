// `ws` used well: one JSON text for all receivers of an event. With NAIVE=1 as it is found in tutorials: one text each.
// With TOKEN=crypto or jose the upgrade verifies an HS256 token. With DEFLATE=1 as its README turns compression on.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { bodyOf, envelope, listOf, ready, topicOf } from './publishing.mjs';

const { NAIVE, TOKEN, DEFLATE, JWT_SECRET = '' } = process.env;
const topics = new Map();

const withCrypto = (token) => {
  const [head, body, signature] = token.split('.');
  const mac = createHmac('sha256', JWT_SECRET).update(`${head}.${body}`).digest();
  if (!timingSafeEqual(mac, Buffer.from(signature, 'base64url'))) throw new Error('bad signature');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  if (JSON.parse(Buffer.from(head, 'base64url').toString()).alg !== 'HS256' || claims.exp * 1000 < Date.now())
    throw new Error('bad token');
  return claims;
};

const withJose = async () => {
  const { jwtVerify } = await import('jose');
  const key = await crypto.subtle.importKey('raw', Buffer.from(JWT_SECRET), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ]);
  return async (token) => (await jwtVerify(token, key, { algorithms: ['HS256'] })).payload;
};

const verify = TOKEN === 'jose' ? await withJose() : TOKEN === 'crypto' ? withCrypto : undefined;
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: DEFLATE === '1' ? { threshold: 0 } : false });

const subscribe = (socket, topic) => {
  const members = topics.get(topic) ?? new Set();
  topics.set(topic, members.add(socket));
  socket.on('close', () => members.delete(socket));
  socket.on('error', () => undefined);
};

const publish = (event) => {
  const members = topics.get(event.topic) ?? [];
  if (NAIVE === '1') {
    const frame = envelope(event);
    for (const socket of members) socket.send(JSON.stringify(frame));
    return;
  }
  const text = JSON.stringify(envelope(event));
  for (const socket of members) socket.send(text);
};

const server = createServer(async (request, response) => {
  for (const event of listOf(await bodyOf(request))) publish(event);
  response.end('{"ok":true}');
});
server.on('upgrade', async (request, socket, head) => {
  if (verify !== undefined) await verify(new URL(request.url, 'http://127.0.0.1').searchParams.get('token') ?? '');
  sockets.handleUpgrade(request, socket, head, (open) => subscribe(open, topicOf(request.url)));
});
server.listen(0, '127.0.0.1', () => ready(server));
