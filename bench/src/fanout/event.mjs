/** A deal of which the whole frame has about `bytes` bytes. `sentAt` is by the monotonic clock, in nanoseconds. */
export const deal = (n, { topic = 'bench0', bytes = 200 } = {}) => {
  const data = { dealId: `deal-${n}`, sentAt: Number(process.hrtime.bigint()), title: '', price: 100 + (n % 900) };
  const spare = bytes - 110 - JSON.stringify(data).length;
  return { messageType: 'dealUpdate', topic, data: { ...data, title: 'x'.repeat(Math.max(spare, 0)) } };
};

const WORDS =
  'wireless noise cancelling headphones with thirty hours of battery life, a case, two cables and a warranty of five years; sold and shipped by the maker, in black, white or blue, while stocks last, at the lowest price of the last ninety days in this category and region';

/** A deal as people write them: some 600 bytes of words that compress as words do. */
export const wordyDeal = (n) => {
  const turned = WORDS.slice((n * 37) % 200) + WORDS.slice(0, (n * 37) % 200);
  const data = {
    dealId: `deal-${n}`,
    title: turned.slice(0, 80),
    description: turned.slice(20, 250),
    category: 'electronics',
    brand: 'example',
    price: 100 + (n % 900),
    discountPercentage: n % 70,
    url: `https://shop.example/items/${n}?campaign=november`,
  };
  return { messageType: 'dealUpdate', topic: 'bench0', data };
};
