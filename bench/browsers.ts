import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

/** Debian's. */
const executablePath = '/usr/bin/chromium';

/** How long a page may take to show what it is opened for. Milliseconds. */
const patience = 120_000;

/**
 * Real browsers that look at the dashboard. They are one Chromium with a context for each: to the daemon these are
 * strangers to each other, with their own logins and connections.
 */
export class Browsers implements AsyncDisposable {
  readonly #chromium: Browser;
  readonly #contexts: BrowserContext[] = [];

  private constructor(browser: Browser) {
    this.#chromium = browser;
  }

  /** Whether this host has what they are made of. */
  static get possible(): boolean {
    return existsSync(executablePath);
  }

  static async start(): Promise<Browsers> {
    return new Browsers(await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] }));
  }

  /**
   * Opens the dashboard in one more browser, and waits until it lists every node.
   * @param ticket - URL that lets one browser in
   * @param count - how many nodes there are
   */
  async open(ticket: string, count: number): Promise<void> {
    const context = await this.#chromium.newContext({ viewport: { width: 1280, height: 800 } });
    this.#contexts.push(context);
    const page = await context.newPage();
    await page.goto(ticket, { timeout: patience });
    // The row of titles is counted, too.
    await page.locator(`table[aria-rowcount="${count + 1}"]`).waitFor({ timeout: patience });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const context of this.#contexts) await context.close();
    await this.#chromium.close();
  }
}
