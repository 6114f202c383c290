// The browser client of the WebSocket API guide against this server. Node 20 has no WebSocket of its own: that of `ws`
// takes its place.
import WebSocket from 'ws';
import { publish, socketUrl, token } from './setup.mjs';
import { WebSocketClient } from './websocket-client.mjs';

globalThis.WebSocket ??= WebSocket;

const client = new WebSocketClient(socketUrl, await token('alice'));

client.on('onConnect', () => client.subscribe('new-deals'));

client.on('onsubscriptionConfirmed', async ({ data }) => {
  console.log(`subscribed to ${data.topic}`);
  await publish({ topic: 'new-deals', data: { dealId: 'deal-7', title: 'Wireless headphones', price: 129 } });
});

// The class calls `on` and the type as it is on the wire, so that this begins with a small d, unlike in the guide.
client.on('ondealUpdate', ({ id, data }) => {
  console.log(`deal ${id}: ${data.title} for ${data.price}`);
  // After `disconnect` the class connects again, so that only the end of the process ends it.
  process.exit(0);
});

client.on('onerror', ({ data }) => {
  console.error(`${data.code}: ${data.message}`);
  process.exit(1);
});

client.on('onError', (event) => {
  console.error(`the connection failed: ${event.message}`);
  process.exit(1);
});

client.connect();
