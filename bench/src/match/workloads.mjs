// Filters and events as a deals system has them: few categories, many brands, some products; prices, discounts, keywords.

/** Numbers in [0, 1) that are the same in each run. */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const CATEGORIES = 40;
const BRANDS = 2_000;
const WORDS = 5_000;

/** A few of them are asked for often. */
const popular = (random, count) => Math.floor(count * random() ** 2);

const category = (random) => `category-${popular(random, CATEGORIES)}`;
const brand = (random) => `brand-${popular(random, BRANDS)}`;
const word = (random) => `word${popular(random, WORDS)}`;
const cents = (random, most) => Math.round(random() * most * 100) / 100;

/** An event's attributes. */
export function madeEvent(n) {
  const random = randomOf(1_000_003 + n);
  return {
    dealId: `deal-${n}`,
    title: Array.from({ length: 8 }, () => word(random)).join(' '),
    category: category(random),
    brand: brand(random),
    price: cents(random, 1_000),
    discountPercentage: Math.round(random() * 90),
    tags: [word(random), word(random)],
    inStock: random() < 0.8,
  };
}

/** Distinct filters: each a mix that one in some thousands of events fulfils. */
function* narrow(random) {
  for (;;) {
    const kind = random();
    if (kind < 0.5) yield { category: category(random), brand: brand(random), minDiscount: cents(random, 90) };
    else if (kind < 0.7) yield { brand: [brand(random), brand(random)], maxPrice: cents(random, 1_000) };
    else if (kind < 0.9) yield { category: category(random), keywords: word(random), maxPrice: cents(random, 1_000) };
    else yield { productId: `product-${Math.floor(random() * 1e9)}` };
  }
}

/** Distinct filters that many events fulfil: a category, and bounds. */
function* wide(random) {
  for (;;) {
    const kind = random();
    if (kind < 0.5) yield { category: category(random), minDiscount: cents(random, 90) + random() / 1e3 };
    else yield { category: category(random), minDiscount: cents(random, 90), maxPrice: cents(random, 1_000) };
  }
}

const taken = (made) => (count) => {
  const filters = [];
  const seen = new Set();
  for (const each of made(randomOf(7))) {
    const text = JSON.stringify(each);
    if (seen.has(text)) continue;
    seen.add(text);
    if (filters.push(each) === count) break;
  }
  return filters;
};

export const workloads = [
  { name: 'narrow', wanted: { times: 300, p99: 1_000 }, filters: taken(narrow) },
  { name: 'wide', wanted: { times: 100 }, filters: taken(wide) },
];
