import { definePush } from '../contract.js';
import { freeObject } from '../fields.js';

export const dealUpdate = definePush({
  type: 'dealUpdate',
  summary: 'A deal that matches a subscription.',
  description:
    'The envelope carries `topic` and `id`. A connection gets one copy, however many of its subscriptions match. `data` is what the publisher sent.',
  data: freeObject,
  stream: { conflate: ['dealId', 'id'] },
  example: {
    dealId: 'deal-7',
    title: 'Wireless headphones',
    category: 'electronics',
    price: 129,
    discountPercentage: 35,
  },
});
