import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../../console/src/testing/browser.js';
import { signToken } from '../credentials/signing.js';
import { signingKey } from '../credentials/signing-key.js';
import { clean, type Running, SECRET, start } from '../testing/command-line.js';

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

beforeAll(async () => {
  running = start(['cluster', '--nodes', '3', '--port', '0', '--restart'], { JWT_SECRET: SECRET });
  browser = await Browser.start();
});

afterAll(async () => {
  await browser.end();
  running.child.kill('SIGINT');
  await running.ended;
  await clean();
});

describe('a page on a cluster', () => {
  it('reconnects when its node is killed, and misses no deal', async () => {
    const [shown = ''] = await running.seen('stdout', /[\s\S]*^Ctrl-C/mu);
    const [, url = ''] = /^aideals is ready at (http:\S+)$/mu.exec(shown) ?? [];
    const [, token = ''] = /#token=(\S+)/u.exec(shown) ?? [];
    const nodes = [...shown.matchAll(/^ {2}node-\d +process (\d+), /gmu)].map(([, pid]) => Number(pid));
    expect(nodes).toHaveLength(3);
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
    for (const [n, pid] of nodes.entries()) {
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
