// The yardstick: `ws` and nothing else. It parses the frame and answers the JSON that the server answers to a ping.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (socket) => {
  socket.on('message', (bytes) => {
    const { requestId } = JSON.parse(bytes.toString());
    socket.send(JSON.stringify({ type: 'pong', data: {}, requestId, timestamp: Math.floor(Date.now() / 1000) }));
  });
});
server.on('listening', () => process.stdout.write(`ready at ws://127.0.0.1:${server.address().port}\n`));
process.on('SIGTERM', () => process.exit(0));
