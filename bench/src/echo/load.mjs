// The load: keeps `depth` pings in flight on one connection per server. It runs on a core of its own and obeys its parent.
import WebSocket from 'ws';

const sockets = new Map();

const open = ({ name, url }) => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  sockets.set(name, { socket, sent: 0 });
  socket.on('open', () => process.send({ opened: name }));
  socket.on('error', (error) => process.send({ failed: `${name}: ${error.message}` }));
  socket.on('close', (code) => process.send({ failed: `${name} closed the connection with ${code}` }));
};

const ping = (target) => {
  target.socket.send(`{"action":"ping","data":{},"requestId":"r-${target.sent++}"}`);
};

/** Goes on for `millis`, then lets what is in flight come home. Every answer is checked: its kind, its turn. */
const run = ({ name, depth, millis }) => {
  const target = sockets.get(name);
  const first = target.sent;
  const start = performance.now();
  let answered = 0;
  const onMessage = (bytes) => {
    const text = bytes.toString();
    if (!text.startsWith('{"type":"pong"') || !text.includes(`"requestId":"r-${first + answered}"`)) {
      process.send({ failed: `${name} answered ping r-${first + answered} with ${text}` });
      return;
    }
    answered++;
    if (performance.now() - start < millis) ping(target);
    else if (answered === target.sent - first) {
      target.socket.off('message', onMessage);
      process.send({ done: name, trips: answered, millis: performance.now() - start });
    }
  };
  target.socket.on('message', onMessage);
  for (let i = 0; i < depth; i++) ping(target);
};

process.on('message', (message) => {
  if (message.open) open(message.open);
  else if (message.run) run(message.run);
});
process.on('disconnect', () => process.exit(0));
process.stdout.write('ready\n');
