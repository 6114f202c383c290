/** A deal of which the whole frame has about `bytes` bytes. `sentAt` is by the monotonic clock, in nanoseconds. */
export const deal = (n, { topic = 'bench0', bytes = 200 } = {}) => {
  const data = { dealId: `deal-${n}`, sentAt: Number(process.hrtime.bigint()), title: '', price: 100 + (n % 900) };
  const spare = bytes - 110 - JSON.stringify(data).length;
  return { messageType: 'dealUpdate', topic, data: { ...data, title: 'x'.repeat(Math.max(spare, 0)) } };
};
