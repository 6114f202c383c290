/** Takes the README's picture of the page again: `npm run build && node scripts/picture.mjs`. Needs Debian's chromium. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { endlessDeals } from './demo/deals.mjs';

const root = join(import.meta.dirname, '..');
const aideals = join(root, 'packages/cli/bin/aideals.js');
const folder = mkdtempSync(join(tmpdir(), 'aideals-picture-'));
const env = { ...process.env, PORT: '0', AIDEALS_DATA_DIR: folder, AIDEALS_LOG_LEVEL: 'warn' };

const start = (...args) =>
  spawn(process.execPath, [aideals, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });

/** What the command wrote, as soon as it fits. */
const written = (child, fits) =>
  new Promise((resolve) => {
    let text = '';
    child.stdout.on('data', (bytes) => {
      text += bytes;
      const found = fits.exec(text);
      if (found) resolve(found[1]);
    });
  });

const server = start('serve');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const url = await written(server, /ready at (\S+)/u);
  const [crawler, visitor] = await Promise.all([
    written(start('token', '--sub', 'crawler', '--scope', 'publish'), /(\S+)\n/u),
    written(start('token', '--sub', 'visitor'), /(\S+)\n/u),
  ]);
  const page = await browser.newPage({ viewport: { width: 1160, height: 640 } });
  await page.goto(`${url}/#token=${visitor}`);
  await page.getByText('Live', { exact: true }).waitFor();
  const deals = endlessDeals();
  const publish = async (count) => {
    for (let i = 0; i < count; i += 1) {
      await fetch(`${url}/v1/broadcast`, {
        method: 'POST',
        headers: { authorization: `Bearer ${crawler}`, 'content-type': 'application/json' },
        body: JSON.stringify({ topic: 'new-deals', data: deals.next().value }),
      });
    }
  };
  // The page offers the categories that it has seen.
  await publish(20);
  await page.locator('label', { hasText: 'technology' }).click();
  await publish(60);
  await page.locator('article, li').nth(9).waitFor();
  const picture = join(root, 'docs/images/page.png');
  mkdirSync(join(root, 'docs/images'), { recursive: true });
  await page.screenshot({ path: picture, animations: 'disabled' });
  console.log(`wrote ${picture}`);
} finally {
  await browser.close();
  server.kill();
  await once(server, 'close');
  rmSync(folder, { recursive: true, force: true });
}
