import { z } from 'zod';
import { definePush } from '../contract.js';
import { freeObject, identifier } from '../fields.js';

export const priceUpdate = definePush({
  type: 'priceUpdate',
  summary: 'A new price of a product.',
  description: 'Published on the topic `price-updates`; conflated per product.',
  data: z.union([z.looseObject({ productId: identifier, price: z.number() }), freeObject]),
  stream: { conflate: ['productId'] },
  example: { productId: 'FUR-BO-10001798', price: 130.98 },
});
