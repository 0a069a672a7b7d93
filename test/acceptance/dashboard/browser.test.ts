import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeStatus } from '../../../src/daemon/api.ts';
import { hasProgram } from '../ipmi/programs.ts';
import { crowd, type DashboardBench, qemuLab, startDashboard, users, violations } from './dashboard.ts';

/** The dashboard as somebody with a browser meets it. */

const bound = { timeout: 30_000 };

describe.skipIf(!hasProgram('chromium'))('the dashboard', () => {
  let bench: DashboardBench;
  /** Who came by `quintupleo open`. */
  let page: Page;
  let origin: string;

  const power = (node: string, action: string, lab = 'test') =>
    bench.daemon.call('POST', `/v1/labs/${lab}/nodes/${node}/power`, { action, wait: 20_000 });
  const status = async (node: string) =>
    (await bench.daemon.call<NodeStatus>('GET', `/v1/labs/test/nodes/${node}`)).body;
  const row = (name: string) =>
    page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });

  beforeAll(async () => {
    bench = await startDashboard(4);
    page = await bench.newPage();
    const ticket = await bench.ticket();
    origin = new URL(ticket).origin;
    await page.goto(ticket);
    await page.getByRole('heading', { name: 'Nodes' }).waitFor(bound);
  }, 180_000);

  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  test('lets in a user of a lab, and nobody else', async () => {
    const other = await bench.newPage();
    await other.goto(origin);
    const logIn = async (password: string) => {
      await other.getByLabel('User').fill(users.guest.name);
      await other.getByLabel('Password').fill(password);
      await other.getByRole('button', { name: 'Log in' }).click();
    };
    await logIn('wrong');
    await other.getByText('No such user, or another password.').waitFor(bound);
    expect(await violations(other)).toEqual([]);
    await logIn(users.guest.password);
    await other.getByRole('link', { name: 'node-1' }).click(bound);
    await other.getByRole('heading', { name: 'Next boot' }).waitFor(bound);
    // Who may only look has nothing to press.
    expect(await other.getByRole('button', { name: 'Power on' }).count()).toBe(0);
    await other.getByRole('button', { name: 'Log out' }).click();
    await other.getByRole('heading', { name: 'Log in' }).waitFor(bound);
    await other.context().close();
  });

  test('lets nobody in by a ticket that has been used', async () => {
    const ticket = await bench.ticket();
    const first = await bench.newPage();
    await first.goto(ticket);
    await first.getByRole('heading', { name: 'Nodes' }).waitFor(bound);
    expect(first.url()).not.toContain('ticket');
    await first.context().close();
    const second = await bench.newPage();
    await second.goto(ticket);
    await second.getByRole('heading', { name: 'Log in' }).waitFor(bound);
    await second.context().close();
  });

  test('shows that a node has been switched on by somebody else', async () => {
    await page.goto(origin);
    await row('node-1').getByText('off').waitFor(bound);
    await power('node-1', 'on');
    await row('node-1').getByText('on', { exact: true }).waitFor(bound);
  });

  test('switches a node on and off, and tells how it went', async () => {
    await page.goto(`${origin}/labs/test/nodes/node-2`);
    await page.getByRole('button', { name: 'Power on' }).click(bound);
    const shutDown = page.getByRole('button', { name: 'Power off' });
    await shutDown.waitFor(bound);
    expect((await status('node-2')).power).toBe('on');
    const timeline = page.getByRole('tabpanel', { name: 'Timeline' });
    await timeline.getByRole('heading', { name: /power on .*dashboard/ }).waitFor(bound);
    await timeline.getByText(/operation \d+: on done/).waitFor(bound);

    await shutDown.click();
    const dialog = page.getByRole('dialog', { name: 'Power off: node-2?' });
    await dialog.getByRole('button', { name: 'Cancel' }).click(bound);
    expect((await status('node-2')).power).toBe('on');
    await shutDown.click();
    await dialog.getByRole('button', { name: 'Power off' }).click(bound);
    await page.getByRole('button', { name: 'Power on' }).waitFor(bound);
    expect((await status('node-2')).power).toBe('off');
  });

  test('sets what a node boots next', async () => {
    await page.goto(`${origin}/labs/test/nodes/node-2`);
    await page.getByLabel('Boot from').selectOption('pxe', bound);
    await page.getByRole('button', { name: 'Once' }).click();
    await page.getByRole('region', { name: 'Next boot' }).getByText('Network, once').waitFor(bound);
    expect((await status('node-2')).boot).toMatchObject({ target: 'pxe', enabled: 'once' });
  });

  test('injects a fault and lifts it', async () => {
    await page.goto(`${origin}/labs/test/nodes/node-3?view=faults`);
    await page.getByLabel('Kind of fault').selectOption('bmc-slow', bound);
    await page.getByLabel('delay').fill('2s');
    await page.getByRole('button', { name: 'Inject' }).click();
    await page.getByRole('button', { name: 'Lift bmc-slow' }).waitFor(bound);
    await page.goto(origin);
    await row('node-3').getByText('bmc-slow').waitFor(bound);
    await page.goto(`${origin}/labs/test/nodes/node-3?view=faults`);
    await page.getByRole('button', { name: 'Lift bmc-slow' }).click(bound);
    await page.getByText('No fault is injected.').waitFor(bound);
  });

  test('finds nodes, and keeps in the address what was asked for', async () => {
    await page.goto(origin);
    await page.getByLabel('Search nodes').fill('node-4');
    await expect.poll(() => page.getByRole('rowheader').count(), bound).toBe(1);
    expect(page.url()).toContain('q=node-4');
    await page.reload();
    await page.getByRole('link', { name: 'node-4' }).waitFor(bound);
    expect(await page.getByRole('rowheader').count()).toBe(1);
  });

  test('can be used by keyboard alone', async () => {
    const other = await bench.newPage();
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await other.keyboard.press(key);
    };
    await other.goto(origin);
    await other.getByRole('heading', { name: 'Log in' }).waitFor(bound);
    // The first field has the focus already.
    await other.keyboard.type(users.admin.name);
    await press('Tab');
    await other.keyboard.type(users.admin.password);
    await press('Enter');
    await other.getByRole('link', { name: 'node-1' }).waitFor(bound);
    const focused = () => other.evaluate("document.activeElement.textContent ?? ''") as Promise<string>;
    const tabTo = async (text: string) => {
      for (let tabs = 0; tabs < 40; tabs++) {
        await press('Tab');
        if ((await focused()) === text) return;
      }
      throw new Error(`${text} cannot be reached`);
    };
    await tabTo('node-1');
    await press('ArrowDown', 'ArrowDown');
    await expect.poll(focused, bound).toBe('node-3');
    await press('End');
    await expect.poll(focused, bound).toBe('node-4');
    await press('Enter');
    await other.getByRole('heading', { name: 'node-4' }).waitFor(bound);
    await other.getByRole('button', { name: 'Power on' }).waitFor(bound);
    await tabTo('Power on');
    await press('Enter');
    await other.getByRole('button', { name: 'NMI' }).waitFor(bound);
    await tabTo('NMI');
    await press('Enter');
    // The dialog begins with what does nothing.
    await other.getByRole('dialog').waitFor(bound);
    await press('Escape');
    await other.getByRole('dialog').waitFor({ ...bound, state: 'detached' });
    await tabTo('Timeline');
    await press('ArrowRight');
    await other.getByRole('tabpanel', { name: 'Console' }).getByText('connected').waitFor(bound);
    await tabTo('Save as a file');
    // Who only reads the console is not caught in it.
    await tabTo('Check');
    await other.context().close();
  });

  test('types into a console, and leaves it', async () => {
    await power('node-1', 'on');
    await page.goto(`${origin}/labs/test/nodes/node-1?view=console`);
    const lines = page.locator('.xterm-rows');
    await lines.getByText('node-1 login:').waitFor(bound);
    await page.getByRole('tabpanel').click({ position: { x: 300, y: 300 } });
    await page.keyboard.type('unheard');
    await page.getByLabel('Type into it').check();
    await page.keyboard.type('operator');
    await lines.getByText('node-1 login: operator').waitFor(bound);
    await page.keyboard.press('Shift+Escape');
    expect(await page.evaluate('document.activeElement.type')).toBe('checkbox');
  });

  test.skipIf(!hasProgram('qemu-system-x86_64'))(
    'types into the console of a QEMU machine',
    async () => {
      await bench.up(qemuLab());
      await bench.daemon.call('PUT', '/v1/labs/metal/nodes/machine/boot', {
        target: 'pxe',
        enabled: 'continuous',
      });
      await page.goto(`${origin}/labs/metal/nodes/machine?view=console`);
      await page.getByRole('button', { name: 'Power on' }).click(bound);
      const lines = page.locator('.xterm-rows');
      await page.getByLabel('Type into it').check(bound);
      const pressCtrlB = async () => {
        await page.keyboard.press('Control+b');
        return lines.innerText();
      };
      await expect.poll(pressCtrlB, { timeout: 120_000, interval: 300 }).toContain('iPXE>');
      await page.keyboard.press('Enter');
      await page.keyboard.type('echo by-hand', { delay: 20 });
      await page.keyboard.press('Enter');
      // First as the echo of what was typed, then as what the command says.
      await expect.poll(() => lines.innerText(), bound).toMatch(/by-hand.*by-hand/s);
    },
    240_000,
  );

  test.skipIf(!hasProgram('qemu-system-x86_64'))(
    'shows the screen of a QEMU machine',
    async () => {
      await page.goto(`${origin}/labs/metal/nodes/machine?view=screen`);
      const screen = page.getByRole('tabpanel', { name: 'Screen' });
      await screen.getByText('connected', { exact: true }).waitFor(bound);
      await expect.poll(() => page.evaluate(brightPixels), bound).toBeGreaterThan(100);
      expect(await violations(page)).toEqual([]);
    },
    120_000,
  );

  test('scrolls through a thousand nodes smoothly', async () => {
    await bench.up(crowd(1000));
    await page.goto(`${origin}/?lab=crowd`);
    await expect.poll(() => page.getByRole('table').getAttribute('aria-rowcount'), bound).toBe('1001');
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busy = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
    };
    // Meanwhile a tenth of them change.
    const changes = Promise.all(
      Array.from({ length: 100 }, (_, index) => power(`node-${index * 10 + 1}`, 'on', 'crowd')),
    );
    const before = await busy();
    const { frames, blank, rows } = (await page.evaluate(scrollToTheEnd)) as Scrolled;
    const perFrame = ((await busy()) - before) / frames;
    await changes;
    expect(blank).toBe(0);
    expect(rows).toBeLessThan(100);
    // Of the processor's time, whatever else this host does: a screen shows sixty frames a second.
    expect(perFrame).toBeLessThan(1 / 60);
    await page.getByRole('link', { name: 'node-1000' }).waitFor(bound);
  }, 120_000);

  test.each([
    ['dark', 1280],
    ['light', 1280],
    ['light', 360],
  ] as const)(
    'has nothing that axe finds wrong, %s and %i pixels wide',
    async (colorScheme, width) => {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      const views = ['timeline', 'console', 'screen', 'media', 'sensors', 'events', 'faults'];
      const paths = [
        '/',
        '/labs/test',
        '/nothing',
        ...views.map(view => `/labs/test/nodes/node-1?view=${view}`),
      ];
      for (const path of paths) {
        await page.goto(`${origin}${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor(bound);
        await page
          .getByText('Asking the daemon…')
          .first()
          .waitFor({ ...bound, state: 'detached' });
        expect(await violations(page), path).toEqual([]);
        expect(
          await page.evaluate('document.documentElement.scrollWidth - innerWidth'),
          path,
        ).toBeLessThanOrEqual(0);
      }
    },
    180_000,
  );

  test('says that it is cut off, and finds back by itself', async () => {
    await page.route('**/v1/watch', route => route.abort());
    await page.goto(`${origin}/?lab=test`);
    const connection = page.getByRole('banner').getByRole('status');
    await connection.getByText('reconnecting…').waitFor(bound);
    await page.unroute('**/v1/watch');
    await connection.getByText('live').waitFor(bound);
    await page.getByRole('link', { name: 'node-3', exact: true }).waitFor(bound);
  });

  test('asks nothing that its policy refuses', () => {
    expect(bench.complaints.filter(complaint => !complaint.includes('ERR_FAILED'))).toEqual([]);
  });
});

interface Scrolled {
  readonly frames: number;
  /** In how many of them there was nothing where a row should be. */
  readonly blank: number;
  /** How many rows exist. */
  readonly rows: number;
}

// Text: this project's types are those of Node.js.

/** How many pixels of the screen are not dark: those of the firmware's text. */
const brightPixels = `(() => {
  const canvas = document.querySelector('[role=tabpanel] canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, index) => index % 4 === 1 && value > 128).length;
})()`;

const scrollToTheEnd = `(async () => {
  const end = document.documentElement.scrollHeight - innerHeight;
  let frames = 0;
  let blank = 0;
  for (let y = 0; y <= end; y += 120) {
    scrollTo(0, y);
    await new Promise(requestAnimationFrame);
    frames += 1;
    if (!document.elementFromPoint(200, innerHeight / 2)?.closest('tr')) blank += 1;
  }
  scrollTo(0, end);
  await new Promise(requestAnimationFrame);
  return { frames, blank, rows: document.querySelectorAll('tbody tr').length };
})()`;
