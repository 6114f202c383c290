import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Served } from '../../client/src/testing/served.js';
import { MOST_DEALS } from './feed/deal.js';
import { Browser } from './testing/browser.js';

let served: Served;
let browser: Browser;
let token: string;
let page: Page;

const deal = (title: string, more: object = {}, envelope: { topic?: string; filters?: object } = {}) => ({
  data: { dealId: title, title, category: 'technology', price: 80, was: 100, discountPercentage: 20, ...more },
  ...envelope,
});

const titles = (): Promise<string[]> => page.getByRole('heading', { level: 3 }).allTextContents();
const card = (title: string) => page.getByRole('article').filter({ hasText: title });
const appears = (title: string): Promise<void> => card(title).waitFor();

/** The filters that were set are the server's, and the page is live. */
const applied = async (): Promise<void> => {
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText(/^[\d,]+ received$/u).waitFor();
};

/** Changes a filter, and waits until it is in force. */
const changed = async (change: () => Promise<void>): Promise<void> => {
  await change();
  await applied();
};

const live = async (): Promise<void> => {
  page = await browser.open(`${served.url}/#token=${token}`);
  await applied();
};

beforeAll(async () => {
  served = new Served({ AIDEALS_RATE_LIMIT: 'off' });
  [browser] = await Promise.all([Browser.start(), served.start()]);
  token = await served.token('visitor');
});

afterAll(async () => {
  await browser.end();
  await served.end();
});

beforeEach(() => {
  browser.complaints.length = 0;
});

afterEach(async () => {
  await page.close();
});

describe('with a token in its link', () => {
  beforeEach(live);

  it('the page takes it out of the address bar, and keeps it for this tab alone', async () => {
    expect(page.url()).toBe(`${served.url}/`);
    await page.reload();
    await applied();
    expect(browser.complaints).toEqual([]);
  });

  it('deals appear as they are published, newest first, with price and discount', async () => {
    await served.publish(deal('Desk', { category: 'furniture' }), deal('Phone'));
    await appears('Phone');
    expect(await titles()).toEqual(['Phone', 'Desk']);
    const text = await card('Phone').textContent();
    for (const part of ['$80.00', '$100.00', '−20', 'technology', 'just now']) expect(text).toContain(part);
    expect(browser.complaints).toEqual([]);
  });

  it('a new price of a deal takes the place of the old one, and says from which it moved', async () => {
    await served.publish(deal('Lamp', { price: 90 }), deal('Chair'), deal('Lamp', { price: 70 }));
    await page.getByText('from $90.00').waitFor();
    expect(await titles()).toEqual(['Lamp', 'Chair']);
  });

  it('what arrives changes with the filters, and what is there already too', async () => {
    await served.publish(deal('Desk', { category: 'furniture' }), deal('Phone'));
    await appears('Phone');
    await changed(() => page.getByText('technology', { exact: true }).first().click());
    expect(await titles()).toEqual(['Phone']);
    await served.publish(
      deal('Shelf', { category: 'furniture' }),
      deal('Cable'),
      deal('Told to the server alone', { category: null }, { filters: { category: 'technology' } }),
    );
    await appears('Told to the server alone');
    expect(await titles()).toEqual(['Told to the server alone', 'Cable', 'Phone']);

    await changed(() => page.getByRole('slider').fill('40'));
    await served.publish(deal('Mouse', { discountPercentage: 35 }), deal('Keyboard', { discountPercentage: 40 }));
    await appears('Keyboard');
    expect(await titles()).toEqual(['Keyboard']);

    await changed(() => page.getByRole('button', { name: 'Reset' }).click());
    await served.publish(deal('Shelf', { category: 'furniture' }));
    await appears('Shelf');
    expect(browser.complaints).toEqual([]);
  });

  it('price, words and topic are filters as well, and a wrong one is told beside its field', async () => {
    await changed(() => page.getByLabel('Price, at most').fill('50'));
    await changed(() => page.getByLabel('Words in the title').fill('lamp, chair'));
    await changed(() => page.getByLabel('Topic').fill('flash'));
    await served.publish(
      deal('A lamp', { price: 49 }),
      deal('A dear lamp', { price: 51 }, { topic: 'flash' }),
      deal('A table', { price: 49 }, { topic: 'flash' }),
      deal('The lamp', { price: 50 }, { topic: 'flash' }),
    );
    await appears('The lamp');
    expect(await titles()).toEqual(['The lamp']);
    await page.getByLabel('Price, at most').fill('cheap');
    await page.getByText('No number, such as 49.90: any price is shown').waitFor();
    await page.getByLabel('Topic').fill('no topic');
    await page.getByText('Letters, digits and - _ . : only').waitFor();
    expect(browser.complaints).toEqual([]);
  });

  it('what a publisher sent is shown as text', async () => {
    const evil = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>';
    await served.publish(deal('evil', { title: evil, category: '<b>bold</b>', subCategory: '{{7*7}}' }), deal('Phone'));
    await appears('Phone');
    expect(await titles()).toEqual(['Phone', evil]);
    expect(await page.locator('article img, article script, article b').count()).toBe(0);
    expect(await page.title()).toBe('aideals · live deals');
    expect(browser.complaints).toEqual([]);
  });

  it('a pause holds deals back, by the keyboard too', async () => {
    await served.publish(deal('Before'));
    await appears('Before');
    const pause = page.getByRole('button', { name: 'Pause' });
    await pause.focus();
    await page.keyboard.press('Space');
    await served.publish(deal('Meanwhile'));
    const resume = page.getByRole('button', { name: 'Resume · 1 new' });
    await resume.waitFor();
    expect(await titles()).toEqual(['Before']);
    await page.keyboard.press('Enter');
    await appears('Meanwhile');
  });

  it('every control is reached by the keyboard, and a category is chosen by it', async () => {
    await served.publish(deal('Desk', { category: 'furniture' }), deal('Phone'));
    await appears('Phone');
    await page.getByRole('button', { name: 'Reset' }).focus();
    await page.keyboard.press('Tab');
    await changed(() => page.keyboard.press('Space'));
    expect(await titles()).toEqual(['Desk']);
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('type') ?? '');
    const kinds: string[] = [];
    for (let i = 0; i < 7; i += 1) {
      await page.keyboard.press('Tab');
      kinds.push(await focused());
    }
    expect(kinds).toEqual(['checkbox', 'range', 'text', 'text', 'text', 'button', 'button']);
  });

  it('the list is bounded', async () => {
    const many = Array.from({ length: MOST_DEALS + 50 }, (_, i) => deal(`Deal ${i}`));
    await served.publish(...many);
    await appears(`Deal ${MOST_DEALS + 49}`);
    await page.getByText(`The newest ${MOST_DEALS} deals`).waitFor();
    expect(await page.getByRole('article').count()).toBe(MOST_DEALS);
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await page.getByRole('article').count()).toBe(0);
  });

  it('on a narrow screen the filters are folded, and the deals come first', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await served.publish(deal('Phone'));
    await appears('Phone');
    expect(await page.getByRole('slider').isVisible()).toBe(false);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.getByRole('button', { name: 'Show' }).click();
    await changed(() => page.getByRole('slider').fill('50'));
    expect(await titles()).toEqual([]);
    await page.getByText('Nothing that arrived so far matches').waitFor();
  });

  it('it is light or dark as the visitor has it', async () => {
    const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await ground();
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await ground()).not.toBe(light);
  });

  it('a restart of the server is told of, and nothing is missed', async () => {
    await served.publish(deal('Before'));
    await appears('Before');
    await served.stop();
    await page.getByText(/^(?:Reconnecting|Connecting)/u).waitFor();
    await served.start();
    await served.publish(deal('Right after the restart'));
    await appears('Right after the restart');
    expect(await titles()).toEqual(['Right after the restart', 'Before']);
  });
});

describe('without a token', () => {
  it('the page says how to get one, and takes it or the whole link', async () => {
    page = await browser.open(served.url);
    await page.getByText('npx aideals token --sub you').waitFor();
    const field = page.getByLabel('Token, or the link that carries one');
    await field.fill('two words');
    await page.keyboard.press('Enter');
    await page.getByText('That is no token').waitFor();
    await field.fill(`${served.url}/#token=${token}`);
    await page.keyboard.press('Enter');
    await applied();
    expect(browser.complaints).toEqual([]);
    await page.getByRole('button', { name: 'Forget token' }).click();
    await page.reload();
    await page.getByText('npx aideals token --sub you').waitFor();
  });

  it('a bad one is told of in words, and a new link on the open page is taken', async () => {
    page = await browser.open(`${served.url}/#token=not.a.token`);
    await page.getByRole('alert').getByText('The server does not accept this token').waitFor();
    await page.goto(`${served.url}/#token=${token}`);
    await applied();
    expect(page.url()).toBe(`${served.url}/`);
  });
});
