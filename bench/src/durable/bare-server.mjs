// The yardstick: `ws` and `lmdb` and nothing else. For each message it puts the rows that a message needs, in one batch;
// when they are flushed it answers the sender and pushes to the recipient. Messages that come during a flush share the next
// one. It checks nothing, limits nothing, and its heads and connections are two maps.
import { randomUUID } from 'node:crypto';
import { open } from 'lmdb';
import { WebSocketServer } from 'ws';

const SECONDS_OF_30_DAYS = 2_592_000;
const env = open({
  path: process.env.BENCH_DATA_DIR,
  noSubdir: false,
  encoding: 'string',
  keyEncoding: 'binary',
  eventTurnBatching: false,
});
const rows = env.openDB({ name: 'rows', encoding: 'string', keyEncoding: 'binary' });

const heads = new Map();
const users = new Map();
let version = 0;
let counted = { flushes: 0, writes: 0 };

const rowKey = (pk, sk) => `\x01${String.fromCharCode(pk.length >> 8, pk.length & 255)}${pk}${sk}`;
const bytes = (key) => Buffer.from(key, 'latin1');

/** A row and its entry by time of expiry. */
const put = (batch, pk, sk, body, expiresAt) => {
  const key = rowKey(pk, sk);
  batch.writes.push(bytes(key), `${++version} ${expiresAt}\n${JSON.stringify(body)}`);
  batch.writes.push(bytes(`\x03${String(expiresAt).padStart(6, '0').slice(-6)}${key.slice(1)}`), '');
};

const append = (batch, pk, body, expiresAt) => {
  const seq = (heads.get(pk) ?? 0) + 1;
  heads.set(pk, seq);
  put(batch, pk, String(seq).padStart(16, '0'), body, expiresAt);
  batch.writes.push(bytes(`\x02${pk}`), String(seq));
  return seq;
};

let collecting = { writes: [], calls: [] };
let isWriting = false;

const commit = async () => {
  const batch = collecting;
  if (isWriting || batch.calls.length === 0) return;
  collecting = { writes: [], calls: [] };
  isWriting = true;
  await env.batch(() => {
    for (let i = 0; i < batch.writes.length; i += 2) void rows.put(batch.writes[i], batch.writes[i + 1]);
  });
  await env.flushed;
  isWriting = false;
  counted = { flushes: counted.flushes + 1, writes: counted.writes + batch.writes.length / 2 };
  for (const call of batch.calls) call();
  // As the server does: what the answers bring at once joins the next flush.
  setImmediate(() => setImmediate(commit));
};

const take = (socket, senderId, text) => {
  const { data, requestId } = JSON.parse(text);
  const { recipientId, content } = data;
  const at = Date.now();
  const timestamp = Math.floor(at / 1000);
  const expiresAt = timestamp + SECONDS_OF_30_DAYS;
  const messageId = randomUUID();
  const pk = `chat#${JSON.stringify([senderId, recipientId].sort())}`;
  const batch = collecting;
  const body = { messageId, senderId, recipientId, content, type: 'text', at };
  const sequence = append(batch, pk, body, expiresAt);
  const pointer = { kind: 'message', id: messageId, pk, sk: String(sequence).padStart(16, '0') };
  const place = append(batch, `mailbox#${recipientId}`, pointer, expiresAt);
  put(batch, `inbox#${recipientId}`, messageId, { kind: 'message', place, status: 'waiting' }, expiresAt);
  batch.calls.push(() => {
    const pushed = { messageId, senderId, recipientId, sequence, content, type: 'text', timestamp };
    users.get(recipientId)?.send(JSON.stringify({ type: 'messageReceived', data: pushed, timestamp }));
    const answer = { messageId, recipientId, sequence, status: 'delivered', timestamp };
    socket.send(JSON.stringify({ type: 'messageSent', data: answer, requestId, timestamp }));
  });
  if (batch.calls.length === 1 && !isWriting) setImmediate(commit);
};

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (socket, { url }) => {
  const user = url.slice('/?user='.length);
  users.set(user, socket);
  socket.on('message', (data) => take(socket, user, data.toString()));
});
process.on('message', (message) => {
  if (message?.counts) process.send({ done: true, ...counted });
});
server.on('listening', () => process.stdout.write(`ready at ws://127.0.0.1:${server.address().port}\n`));
process.on('SIGTERM', () => process.exit(0));
