import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { WebAccess } from '../../../src/daemon/api-watch.ts';
import type { LabDefinition, UserDefinition } from '../../../src/lab/definition.ts';
import { redfishLab, simulatedLab, startDaemon, type TestDaemon } from '../../daemon/harness.ts';
import { type Browser, launchChromium } from '../chromium.ts';

/** Those who may log in to the lab `test`. */
export const users = {
  admin: { name: 'admin', password: 'Dashboard-1', privilege: 'administrator' },
  guest: { name: 'guest', password: 'Dashboard-2', privilege: 'user' },
} as const satisfies Record<string, UserDefinition>;

/** A daemon with a lab `test` of simulated nodes, and a browser that has nothing else to look at. */
export interface DashboardBench extends AsyncDisposable {
  readonly daemon: TestDaemon;
  /** Errors that pages have met, such as something that their policy refused. */
  readonly complaints: readonly string[];
  /** Where the dashboard is; each URL lets one browser in, once. */
  ticket(): Promise<string>;
  /** A page that is nobody's yet. */
  newPage(options?: { readonly width?: number; readonly height?: number }): Promise<Page>;
  /** Makes a lab, which goes with the bench. */
  up(lab: LabDefinition): Promise<void>;
}

export async function startDashboard(nodes: number): Promise<DashboardBench> {
  const daemon = await startDaemon();
  const browsers: Browser[] = [];
  const labs: string[] = [];
  const complaints: string[] = [];
  const bench: DashboardBench = {
    daemon,
    complaints,
    ticket: async () => (await daemon.call<WebAccess>('POST', '/v1/web')).body.url,
    newPage: async ({ width = 1280, height = 800 } = {}) => {
      const browser = await launchChromium({ viewport: { width, height } });
      browsers.push(browser);
      const page = await browser.context.newPage();
      page.on('pageerror', error => complaints.push(error.message));
      page.on('console', message => {
        // That nobody is logged in is how the page finds out that it has to ask.
        const expected = /status of 401/.test(message.text());
        if (message.type() === 'error' && !expected) complaints.push(message.text());
      });
      return page;
    },
    up: async lab => {
      labs.push(lab.spec.name);
      const last = (await daemon.run('POST', '/v1/labs/apply', lab)).at(-1);
      if (last?.type !== 'done') throw new Error(`the lab did not come up: ${JSON.stringify(last)}`);
    },
    [Symbol.asyncDispose]: async () => {
      for (const browser of browsers) await browser[Symbol.asyncDispose]();
      for (const lab of labs) await daemon.run('DELETE', `/v1/labs/${lab}`);
      await daemon[Symbol.asyncDispose]();
    },
  };
  const lab = redfishLab(nodes);
  const { redfish } = lab;
  const service = { address: '127.0.0.1', port: undefined, users: Object.values(users) };
  await bench.up({ ...lab, ...(redfish && { redfish: { ...redfish, service } }) });
  return bench;
}

/** A lab of so many nodes that are simulated, without Redfish. */
export function crowd(count: number): LabDefinition {
  const lab = simulatedLab(count);
  return { ...lab, spec: { ...lab.spec, name: 'crowd' } };
}

/** A lab of one QEMU machine, `machine`. */
export function qemuLab(): LabDefinition {
  const { spec, bmcs, ...lab } = simulatedLab(1);
  const [node] = spec.nodes;
  const [bmc] = Object.values(bmcs);
  if (!node || !bmc) throw new Error('a lab without a node');
  return {
    ...lab,
    driver: { name: 'qemu', accel: 'auto', networking: 'user' },
    spec: {
      ...spec,
      name: 'metal',
      nodes: [{ ...node, name: 'machine', disks: [{ name: 'root', size: 8 << 20 }] }],
    },
    bmcs: { machine: bmc },
  };
}

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with a page. @see https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md */
export async function violations(page: Page): Promise<readonly string[]> {
  // Not as a script of the page's, whose policy would refuse it.
  await page.evaluate(await axe);
  const found = (await page.evaluate('axe.run()')) as AxeResults;
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly target: readonly string[] }[];
  }[];
}
