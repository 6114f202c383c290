/** Deals made from the rows of examples/data/products.csv: real products, at the price and discount of a real order line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '..', '..', 'examples', 'data', 'products.csv');

/** The fields of a line of CSV (RFC 4180), without line breaks in quotes. */
const fieldsOf = (line) =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gu)].map(([, quoted, plain]) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  );

const round = (amount) => Math.round(amount * 100) / 100;

const dealOf = ([productId, name, category, subCategory, sales, quantity, discount]) => {
  const price = Number(sales) / Number(quantity);
  const off = Number(discount);
  return {
    dealId: productId,
    title: name,
    category: category.toLowerCase(),
    subCategory: subCategory.toLowerCase(),
    price: round(price),
    was: round(price / (1 - off)),
    discountPercentage: Math.round(off * 100),
    currency: 'USD',
  };
};

/** Every row that was sold at a discount, in an order that mixes the categories. */
export const readDeals = () => {
  const rows = readFileSync(file, 'utf8').split(/\r?\n/u).slice(1).filter(Boolean);
  const deals = rows
    .map((row) => dealOf(fieldsOf(row)))
    .filter((deal) => deal.discountPercentage > 0 && deal.price > 0);
  const step = 1_009; // A prime that does not divide the number of rows: each comes once before any comes again.
  return deals.map((_, i) => deals[(i * step) % deals.length]);
};

/** The same products for ever; from the second time on, each at a price that moved by up to 10 percent. */
export function* endlessDeals(random = Math.random) {
  const deals = readDeals();
  for (let round_ = 0; ; round_ += 1) {
    for (const deal of deals) {
      if (round_ === 0) {
        yield deal;
        continue;
      }
      const price = round(deal.price * (0.9 + random() * 0.2));
      const discountPercentage = Math.max(0, Math.round((1 - price / deal.was) * 100));
      yield { ...deal, price, discountPercentage };
    }
  }
}
