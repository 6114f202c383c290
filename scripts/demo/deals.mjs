/** Deals made from the rows of examples/data/products.csv: real products, at the price and discount of a real order line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '..', '..', 'examples', 'data', 'products.csv');

/** The fields of a line of CSV (RFC 4180) that holds no line break. */
export const fieldsOf = (line) =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gu)].map(([, quoted, plain]) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  );

const cents = (amount) => Math.round(amount * 100) / 100;

const dealOf = ([productId, name, category, subCategory, sales, quantity, discount]) => {
  const price = Number(sales) / Number(quantity);
  const off = Number(discount);
  return {
    dealId: productId,
    title: name,
    category: category.toLowerCase(),
    subCategory: subCategory.toLowerCase(),
    price: cents(price),
    was: cents(price / (1 - off)),
    discountPercentage: Math.round(off * 100),
    currency: 'USD',
  };
};

/** Prime, and no divisor of the number of rows: steps of it meet each row once before they meet any again. */
const STRIDE = 1_009;

/** Every row that was sold at a discount, in an order that mixes categories and years. */
export const readDeals = () => {
  const rows = readFileSync(file, 'utf8').split(/\r?\n/u).slice(1).filter(Boolean);
  const deals = rows
    .map((row) => dealOf(fieldsOf(row)))
    .filter((deal) => deal.discountPercentage > 0 && deal.price > 0);
  return deals.map((_, i) => deals[(i * STRIDE) % deals.length]);
};

/** The same deals for ever; from the second time on, each at a price that moved by up to a tenth. */
export function* endlessDeals(random = Math.random) {
  const deals = readDeals();
  yield* deals;
  for (;;) {
    for (const deal of deals) {
      const price = Math.min(deal.was, cents(deal.price * (0.9 + random() * 0.2)));
      yield { ...deal, price, discountPercentage: Math.round((1 - price / deal.was) * 100) };
    }
  }
}

/** What POST /v1/broadcast takes: `filters` are the attributes that subscriptions are matched against, beside the data. */
export const broadcastOf = (deal) => ({
  topic: 'new-deals',
  messageType: 'dealUpdate',
  data: deal,
  filters: { category: deal.category, price: deal.price, discount: deal.discountPercentage },
});
