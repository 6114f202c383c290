// Bun's own publish and subscribe: uWebSockets, in C++.
import { envelope, listOf, topicOf } from './publishing.mjs';

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request, self) {
    if (request.method === 'POST') {
      for (const event of listOf(await request.json()))
        self.publish(event.topic, JSON.stringify(envelope(event)), process.env.DEFLATE === '1');
      return new Response('{"ok":true}');
    }
    return self.upgrade(request, { data: { topic: topicOf(request.url) } })
      ? undefined
      : new Response('not an upgrade', { status: 400 });
  },
  websocket: {
    perMessageDeflate: process.env.DEFLATE === '1',
    idleTimeout: 0,
    open: (socket) => socket.subscribe(socket.data.topic),
    message: () => undefined,
  },
});
process.stdout.write(`ready at ws://127.0.0.1:${server.port}\n`);
