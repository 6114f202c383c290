// The client that comes back: opens a connection, subscribes behind a position, and checks every event that it is sent
// again. It runs on a core of its own and obeys its parent.
import WebSocket from 'ws';

const fail = (text) => process.send({ failed: text });

let socket;

const open = ({ url }) => {
  socket?.removeAllListeners('close');
  socket?.close();
  socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('open', () => process.send({ opened: true }));
  socket.on('error', (error) => fail(error.message));
  socket.on('close', (code) => fail(`the server closed the connection with ${code}`));
};

const offsetAt = (text) => {
  const id = text.indexOf('"id":"') + 6;
  return Number(text.slice(text.indexOf('-', id) + 1, text.indexOf('"', id)));
};

const resume = ({ request, events }) => {
  const start = performance.now();
  let firstMillis;
  let replayed = 0;
  let last = 0;
  socket.on('message', (bytes) => {
    const text = bytes.toString();
    if (text.startsWith('{"type":"dealUpdate"')) {
      firstMillis ??= performance.now() - start;
      replayed++;
      const offset = offsetAt(text);
      if (!(offset > last)) fail(`event ${offset} came behind ${last}`);
      last = offset;
    } else if (text.startsWith('{"type":"subscriptionRecovered"')) {
      if (replayed !== events || !text.includes(`"replayed":${events}`)) fail(`${replayed} of ${events} came; ${text}`);
      process.send({ done: true, firstMillis, millis: performance.now() - start });
    } else if (!text.startsWith('{"type":"subscriptionConfirmed"') || !text.includes('"recovered":true')) {
      fail(`unexpected: ${text}`);
    }
  });
  socket.send(JSON.stringify({ action: 'subscribeToDeals', data: request, requestId: 'r-1' }));
};

process.on('message', (message) => {
  if (message.open) open(message.open);
  else if (message.resume) resume(message.resume);
});
process.on('disconnect', () => process.exit(0));
process.stdout.write('ready\n');
