import { broadcastOf, endlessDeals } from './deals.mjs';

const PER_SECOND = 3;
/** A token is made anew after half of its life. */
const TOKEN_MS = 30 * 60_000;
const AFTER_FAILURE_MS = 1_000;

/** Resolves after a time, or at once when the demo ends. */
const pause = (ms, signal) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });

/** Publishes one deal after the other, until `signal`. `token` makes one with the publish scope. */
export const publishDeals = async ({ url, token, say, signal }) => {
  let bearer;
  let until = 0;
  for (const deal of endlessDeals()) {
    if (signal.aborted) return;
    try {
      if (performance.now() >= until) {
        bearer = await token();
        until = performance.now() + TOKEN_MS;
      }
      const response = await fetch(`${url}/v1/broadcast`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: JSON.stringify(broadcastOf(deal)),
        signal,
      });
      const body = await response.text();
      if (!response.ok) throw new Error(`${response.status} ${body}`);
      await pause(1_000 / PER_SECOND, signal);
    } catch (error) {
      if (signal.aborted) return;
      say(`A deal was not published: ${error.cause?.message ?? error.message}`);
      await pause(AFTER_FAILURE_MS, signal);
    }
  }
};
