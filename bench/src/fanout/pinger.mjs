// Pings a server on one connection, one ping after the other with a millisecond between, and tells how long pongs took.
import WebSocket from 'ws';

const socket = new WebSocket(process.argv[2], { perMessageDeflate: false });
const took = [];
let isOver = false;
let at = 0;

const ping = () => {
  at = performance.now();
  socket.ping();
};

socket.on('pong', () => {
  took.push(performance.now() - at);
  if (!isOver) setTimeout(ping, 1);
});
socket.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
socket.on('open', () => process.stdout.write('ready\n'));
process.on('message', (message) => {
  if (message === 'begin') return ping();
  isOver = true;
  took.sort((a, b) => a - b);
  const part = (share) => took[Math.min(Math.floor(took.length * share), took.length - 1)];
  process.send({ pings: took.length, p50: part(0.5), p99: part(0.99), max: part(1) });
});
process.on('disconnect', () => process.exit(0));
