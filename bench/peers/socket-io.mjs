// Socket.IO, over WebSocket alone; a room for each topic.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { bodyOf, envelope, listOf, ready } from './publishing.mjs';

const server = createServer();
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, pingInterval: 600_000 });
io.on('connection', (socket) => socket.join(socket.handshake.query.topic ?? 'bench'));
const [engine] = server.listeners('request');
server.removeAllListeners('request');
server.on('request', async (request, response) => {
  if (request.method !== 'POST') return engine(request, response);
  for (const event of listOf(await bodyOf(request))) io.to(event.topic).emit('event', envelope(event));
  response.end('{"ok":true}');
});
server.listen(0, '127.0.0.1', () => ready(server));
