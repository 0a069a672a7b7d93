import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasProgram } from '../ipmi/programs.ts';
import { RedfishClient } from './client.ts';
import { login, type RedfishLab, startRedfishLab } from './lab.ts';

/** The event stream in a browser, which knows no more of it than that it is server-sent events. */

/** A browser that keeps to what it is told: nothing of it asks anybody else. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(!hasProgram('chromium'))('a page in Chromium', () => {
  let lab: RedfishLab;

  beforeAll(async () => {
    lab = await startRedfishLab({ name: 'simulated', latency: 100, faultRate: 0, seed: 1 });
  });

  afterAll(() => lab?.[Symbol.asyncDispose]());

  test('hears that a node has been powered on', async () => {
    const origin = lab.url('all', 'node-1');
    const folder = await mkdtemp(join(tmpdir(), 'quintupleo-browser-'));
    const browser = await chromium.launchPersistentContext(folder, {
      executablePath: '/usr/bin/chromium',
      args: flags,
      httpCredentials: { username: login.user, password: login.password },
      // A browser takes a certificate of nobody it knows only from its user.
      ignoreHTTPSErrors: true,
    });
    try {
      const page = await browser.newPage();
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
    } finally {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    }
    expect((await lab.status('node-1')).power).toBe('on');
  });
});
