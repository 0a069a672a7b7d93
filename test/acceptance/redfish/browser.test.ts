import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { hasProgram } from '../ipmi/programs.ts';
import { RedfishClient } from './client.ts';
import { login, type RedfishLab, startRedfishLab } from './lab.ts';

/** The event stream in a browser, which knows no more of it than that it is server-sent events. */

describe.skipIf(!hasProgram('chromium'))('a page in Chromium', () => {
  let lab: RedfishLab;

  beforeAll(async () => {
    lab = await startRedfishLab({ name: 'simulated', latency: 100, faultRate: 0, seed: 1 });
  });

  afterAll(() => lab?.[Symbol.asyncDispose]());

  test('hears that a node has been powered on', async () => {
    const origin = lab.url('all', 'node-1');
    await using browser = await launchChromium({
      httpCredentials: { username: login.user, password: login.password },
      // A browser takes a certificate of nobody it knows only from its user.
      ignoreHTTPSErrors: true,
    });
    const page = await browser.context.newPage();
    await page.goto(`${origin}/redfish/v1/Systems`);
    // What the page runs is text: this project's types are those of Node.js.
    await page.evaluate(`new Promise((resolve, reject) => {
      window.heard = [];
      const source = new EventSource('/redfish/v1/EventService/SSE');
      source.onmessage = ({ data }) => window.heard.push(...JSON.parse(data).Events);
      source.onopen = resolve;
      source.onerror = () => reject(new Error('no stream'));
    })`);
    await using redfish = new RedfishClient({ origin, certificate: lab.certificate, ...login });
    await redfish.done('POST', '/redfish/v1/Systems/node-1/Actions/ComputerSystem.Reset', {
      ResetType: 'On',
    });
    const isPoweredOn = `({ MessageId, OriginOfCondition }) =>
      /^ResourceEvent\\..*\\.ResourcePoweredOn$/.test(MessageId) &&
      OriginOfCondition['@odata.id'] === '/redfish/v1/Systems/node-1'`;
    await page.waitForFunction(`window.heard.some(${isPoweredOn})`, undefined, { timeout: 10_000 });
    expect((await lab.status('node-1')).power).toBe('on');
  });
});
