import { request } from 'node:http';

/** Breaks the rules in the way that its event names. */
const ways = {
  /** Sends a request and does not wait for the answer. */
  request: () => void request(process.env['TEST_URL'], { method: 'POST' }).end('{}'),
  fetch: () => void fetch(process.env['TEST_URL'], { method: 'POST', body: '{}' }).then((r) => r.text()),
  /** A timer that reaches out when the answer has gone. */
  timer: () => void setTimeout(() => request(process.env['TEST_URL'], { method: 'POST' }).end('{}'), 30),
  /** A timer that was set before the answer, and reaches for nothing. */
  calculation: () => void setTimeout(() => Math.sqrt(2), 30),
  /** A chain that goes on. */
  chain: async () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    void (async () => {
      for (let n = 0; n < 20; n += 1) await turn();
      setTimeout(() => undefined, 1);
    })();
  },
  none: async () => {
    await (await fetch(process.env['TEST_URL'], { method: 'POST', body: '{}' })).text();
    await new Promise((resolve) =>
      request(process.env['TEST_URL'], { method: 'POST' }, (r) => r.resume().once('end', resolve)).end('{}'),
    );
  },
};

export const handler = async ({ way }) => {
  await ways[way]();
  return { statusCode: 200 };
};
