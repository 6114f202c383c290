// The load: senders that keep `depth` messages in flight each, every one to a recipient of its own. It runs on a core of
// its own and obeys its parent.
import WebSocket from 'ws';

/** By server: its senders, each `{socket, recipientId, sent, answered, pushed}`. */
const servers = new Map();
const CONTENT = 'The price of the headphones that you asked about went down to 129.00 this morning.';

const fail = (text) => process.send({ failed: text });

const connect = (name, url) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on('open', () => resolve(socket));
    socket.on('error', (error) => fail(`${name}: ${error.message}`));
    socket.on('close', (code) => fail(`${name} closed a connection with ${code}`));
  });

const send = (sender) => {
  sender.socket.send(
    `{"action":"sendMessage","data":{"recipientId":"${sender.recipientId}","content":"${CONTENT}"},"requestId":"r-${sender.sent++}"}`,
  );
};

/** Every answer and every push is checked: its kind, and its turn. */
const listen = (name, sender, recipient, { onAnswer, onPush }) => {
  sender.socket.on('message', (bytes) => {
    const text = bytes.toString();
    if (!text.startsWith('{"type":"messageSent"') || !text.includes(`"requestId":"r-${sender.answered}"`))
      return fail(`${name} answered message r-${sender.answered} with ${text}`);
    if (!text.includes('"status":"delivered"')) return fail(`${name} did not deliver: ${text}`);
    sender.answered++;
    onAnswer(sender);
  });
  recipient.on('message', (bytes) => {
    const text = bytes.toString();
    if (!text.startsWith('{"type":"messageReceived"') || !text.includes(`"sequence":${sender.pushed + 1},`))
      return fail(`${name} pushed in place of message ${sender.pushed + 1}: ${text}`);
    sender.pushed++;
    onPush(sender);
  });
};

let running;
const went = {
  onAnswer: (sender) => {
    if (performance.now() < running.end) send(sender);
    else settle(sender);
  },
  onPush: (sender) => {
    if (performance.now() >= running.end) settle(sender);
  },
};

const settle = (sender) => {
  if (sender.answered < sender.sent || sender.pushed < sender.sent) return;
  running.open.delete(sender);
  if (running.open.size > 0) return;
  const { senders, first, start } = running;
  const messages = senders.reduce((sum, each) => sum + each.sent, 0) - first;
  process.send({ done: true, messages, millis: performance.now() - start });
};

const open = async ({ name, pairs }) => {
  const senders = await Promise.all(
    pairs.map(async ({ senderUrl, recipientUrl, recipientId }) => {
      const [socket, recipient] = await Promise.all([connect(name, senderUrl), connect(name, recipientUrl)]);
      const sender = { socket, recipientId, sent: 0, answered: 0, pushed: 0 };
      listen(name, sender, recipient, went);
      return sender;
    }),
  );
  servers.set(name, senders);
  process.send({ opened: name });
};

/** Goes on for `millis`, then lets what is in flight come home. */
const run = ({ name, senders: count, depth, millis }) => {
  const senders = servers.get(name).slice(0, count);
  const first = senders.reduce((sum, each) => sum + each.sent, 0);
  const start = performance.now();
  running = { senders, open: new Set(senders), first, start, end: start + millis };
  for (const sender of senders) for (let i = 0; i < depth; i++) send(sender);
};

process.on('message', (message) => {
  if (message.open) void open(message.open);
  else if (message.run) run(message.run);
});
process.on('disconnect', () => process.exit(0));
process.stdout.write('ready\n');
