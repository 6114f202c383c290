import type { JsonObject } from '@aideals/protocol';
import type { Random } from '../random.js';

const categories = ['electronics', 'books', 'toys'];
const words = ['Wireless', 'headphones', 'Büro-Stuhl', 'lamp', 'USB-C', 'cable'];

export const topics = ['new-deals', 'hot', 'all-deals', 'price-updates'];

/** Something to publish, with a tag that no other event has. */
export const someEvent = (random: Random, tag: string): JsonObject => {
  const data: JsonObject = { tag };
  if (random.chance(0.6)) data['dealId'] = `deal-${random.below(5)}`;
  if (random.chance(0.7)) data['category'] = random.chance(0.2) ? ['books', 'toys'] : random.pick(categories);
  if (random.chance(0.8)) data['price'] = random.between(1, 10) * 10;
  if (random.chance(0.4)) data['discount'] = random.pick([null, 5, 20, 40]);
  if (random.chance(0.4)) data['discountPercentage'] = random.pick([10, 30, '30']);
  if (random.chance(0.5)) data['title'] = `${random.pick(words)} ${random.pick(words)}`;
  if (random.chance(0.3)) data['tags'] = [random.pick(words), 'sale'];
  if (random.chance(0.2)) data['inStock'] = random.pick([true, false, 'true']);
  const body: JsonObject = { data };
  const kind = random.below(10);
  if (kind === 0) {
    data['productId'] = `product-${random.below(3)}`;
    return { ...body, messageType: 'priceUpdate', topic: 'price-updates' };
  }
  if (kind === 1) body['messageType'] = 'flashSale';
  if (kind < 8) body['topic'] = random.pick(topics);
  if (random.chance(0.2))
    body['filters'] = random.pick<JsonObject>([{ category: 'books' }, { price: 15 }, { price: null }]);
  return body;
};

/** What a subscription may ask for. */
export const someFilters = (random: Random): JsonObject =>
  random.pick<() => JsonObject>([
    () => ({}),
    () => ({}),
    () => ({}),
    () => ({ category: random.pick(categories) }),
    () => ({ category: ['books', 'electronics'], maxPrice: 60 }),
    () => ({ minPrice: random.between(1, 8) * 10 }),
    () => ({ minDiscount: 20 }),
    () => ({ maxDiscount: 20, category: 'toys' }),
    () => ({ keywords: random.pick<string | string[]>(['usb', ['LAMP', 'stuhl']]) }),
    () => ({ inStock: true }),
    () => ({ dealId: 'deal-1' }),
  ])();
