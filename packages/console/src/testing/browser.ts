/** A real Chromium with a fresh profile, and what its pages complain of. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export class Browser {
  readonly #context: BrowserContext;
  readonly #profile: string;
  /** What pages wrote to the console as warnings or errors, and what they threw. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context;
    this.#profile = profile;
    context.setDefaultTimeout(15_000);
  }

  static async start(): Promise<Browser> {
    if (!existsSync(executablePath)) {
      throw new Error(`${executablePath} is missing: apt-get install -y --no-install-recommends chromium`);
    }
    const profile = mkdtempSync(join(tmpdir(), 'aideals-chromium-'));
    const viewport = { width: 1200, height: 860 };
    return new Browser(await chromium.launchPersistentContext(profile, { executablePath, args, viewport }), profile);
  }

  async open(url: string): Promise<Page> {
    const page = await this.#context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    await page.goto(url);
    return page;
  }

  async end(): Promise<void> {
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}
