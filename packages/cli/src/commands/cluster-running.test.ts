import { on, once } from 'node:events';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Browser } from '../../../console/src/testing/browser.js';
import { publishWithPython } from '../../../local-cluster/src/testing/python-publisher.js';
import { signToken } from '../credentials/signing.js';
import { signingKey } from '../credentials/signing-key.js';
import { clean, type Running, SECRET, start } from '../testing/command-line.js';

interface Shown {
  readonly url: string;
  /** For the page's link. */
  readonly token: string;
  readonly nodes: readonly { readonly pid: number; readonly url: string }[];
  readonly redisPort: string;
}

/** What the command wrote of the cluster that it started. */
const shownBy = async (running: Running): Promise<Shown> => {
  const [text = ''] = await running.seen('stdout', /[\s\S]*^Ctrl-C/mu);
  const first = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
  return {
    url: first(/^aideals is ready at (http:\S+)$/mu),
    token: first(/#token=(\S+)/u),
    nodes: [...text.matchAll(/^ {2}node-\d +process (\d+), (\S+)$/gmu)].map(([, pid, url = '']) => ({
      pid: Number(pid),
      url,
    })),
    redisPort: first(/redis-server +process \d+, \S+:(\d+)/u),
  };
};

interface Frame {
  readonly type: string;
  readonly data: { readonly n: number };
}

/** Connects to one node and subscribes; `until` gives what has come up to the event of that number. */
const subscriber = async (url: string, token: string) => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?token=${token}`);
  const frames = on(socket, 'message');
  const next = async (): Promise<Frame> => JSON.parse(String((await frames.next()).value[0])) as Frame;
  await once(socket, 'open');
  socket.send(JSON.stringify({ action: 'subscribeToDeals', data: { topic: 'price-drops' } }));
  while ((await next()).type !== 'subscriptionConfirmed');
  return {
    until: async (last: number): Promise<number[]> => {
      const numbers: number[] = [];
      while (numbers.at(-1) !== last) {
        const { type, data } = await next();
        if (type === 'priceUpdate') numbers.push(data.n);
      }
      socket.close();
      return numbers;
    },
  };
};

/** What the page says of its connection, each time that it says something else. */
const statuses = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    const look = (): void => {
      const now = document.querySelector('[role=status]')?.textContent ?? '';
      if (told.at(-1) !== now) told.push(now);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
  });

const told = (page: Page): Promise<string[]> => page.evaluate(() => (window as unknown as { told: string[] }).told);

let browser: Browser;
let running: Running;
let shown: Shown;

beforeAll(async () => {
  running = start(['cluster', '--nodes', '3', '--port', '0', '--restart'], { JWT_SECRET: SECRET });
  [browser, shown] = await Promise.all([Browser.start(), shownBy(running)]);
});

afterAll(async () => {
  await browser.end();
  running.child.kill('SIGINT');
  await running.ended;
  await clean();
});

describe('a running cluster', () => {
  it('brings what Python publishes on Redis to the subscribers of every node, once and in order', async () => {
    const subscribers = await Promise.all(shown.nodes.map(({ url }) => subscriber(url, shown.token)));
    const port = shown.redisPort;
    await publishWithPython({ port, channel: 'aideals:price-drops', type: 'priceUpdate', count: 20 });
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    expect(await Promise.all(subscribers.map(({ until }) => until(19)))).toEqual([numbers, numbers, numbers]);
  });

  it('shows a page that its node is gone and another is there, and the page misses no deal', async () => {
    const { url, token, nodes } = shown;
    const page = await browser.open(`${url}/#token=${token}`);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText(/^[\d,]+ received$/u).waitFor();
    await statuses(page);

    const key = signingKey({ JWT_SECRET: SECRET }, '');
    const crawler = await signToken(key, { sub: 'crawler', scopes: ['publish'], expiresInSeconds: 600 });
    const published: string[] = [];
    /** Again until it is taken: the load balancer may have had it from a node that was killed. */
    const publish = async (): Promise<void> => {
      const title = `Deal ${published.length + 1}`;
      const request = {
        method: 'POST',
        headers: {
          authorization: `Bearer ${crawler}`,
          'content-type': 'application/json',
          'idempotency-key': title,
        },
        body: JSON.stringify({ data: { dealId: title, title, category: 'tv', price: 5 } }),
      };
      for (let status: number | undefined; status !== 200; ) {
        status = (await fetch(`${url}/v1/broadcast`, request).catch(() => undefined))?.status;
        expect([200, 502, 503, undefined]).toContain(status);
      }
      published.push(title);
    };
    for (const [n, { pid }] of nodes.entries()) {
      await publish();
      process.kill(pid, 'SIGKILL');
      await publish();
      await running.seen('stdout', new RegExp(`^node-${n + 1} is back: `, 'mu'));
      await publish();
      await page
        .getByRole('article')
        .filter({ hasText: published.at(-1) as string })
        .waitFor();
    }
    const titles = await page.getByRole('heading', { level: 3 }).allTextContents();
    expect(titles).toEqual(published.reverse());
    await page.getByText('Live', { exact: true }).waitFor();
    const seen = await told(page);
    expect(seen[0]).toBe('Live');
    expect(seen.at(-1)).toBe('Live');
    expect(seen.some((words) => words.startsWith('Reconnecting'))).toBe(true);
  }, 90_000);
});
