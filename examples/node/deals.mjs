// The typed client in Node: an action as a promise, and a subscription that goes on over reconnects.
import { createClient } from '@aideals/client';
import WebSocket from 'ws';
import { publish, socketUrl, token } from './setup.mjs';

const client = createClient({ url: socketUrl, token: () => token('alice'), WebSocket });

const { connectionId } = await client.actions.getStatus();
console.log(`connected as ${connectionId}`);

const matching = { category: 'electronics', minDiscount: 20 };
const subscription = client.subscribe({ topic: 'new-deals', filters: matching });
const firstDeal = new Promise((resolve, reject) => {
  subscription.on('deal', resolve);
  subscription.on('error', reject);
});
await subscription.ready;

const deal = (dealId, title, discountPercentage) => ({
  topic: 'new-deals',
  data: { dealId, title, category: 'electronics', discountPercentage },
});
await publish([deal('d-1', 'Charger', 10), deal('d-2', 'Headphones', 35)]);

const { id, data } = await firstDeal;
console.log(`deal ${id}: ${data.title}, ${data.discountPercentage}% off`);

await client.close();
