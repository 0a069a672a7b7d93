import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasProgram } from '../ipmi/programs.ts';
import { login, type RedfishLab, startRedfishLab } from './lab.ts';

/** Server-sent events as real clients hear them, over TLS from a daemon. */

const sse = '/redfish/v1/EventService/SSE';
const anyServer = new Agent({ connect: { rejectUnauthorized: false } });
const authorization = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;

async function powerOn(url: string, node: string): Promise<void> {
  const path = `/redfish/v1/Systems/${node}/Actions/ComputerSystem.Reset`;
  const answer = await request(new URL(path, url), {
    method: 'POST',
    dispatcher: anyServer,
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ ResetType: 'On' }),
  });
  await answer.body.dump();
  expect(answer.statusCode).toBe(204);
}

/** A browser that does as DevTools tell it. @see https://chromedevtools.github.io/devtools-protocol/ */
class Browser implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #onLoad = () => {};
  #nextId = 1;

  private constructor(process: ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
    let text = '';
    (process.stdio[4] as Readable).setEncoding('utf8').on('data', (part: string) => {
      const messages = (text + part).split('\0');
      text = messages.pop() ?? '';
      for (const message of messages) this.#take(JSON.parse(message) as Answer);
    });
  }

  static async start(): Promise<Browser> {
    const folder = await mkdtemp(join(tmpdir(), 'quintupleo-browser-'));
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--ignore-certificate-errors'];
    const args = [...flags, `--user-data-dir=${folder}`, '--remote-debugging-pipe', 'about:blank'];
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const;
    return new Browser(spawn('chromium', args, { stdio: [...stdio] }), folder);
  }

  /** Opens a page. */
  async open(url: string): Promise<(expression: string) => Promise<unknown>> {
    const { targetId } = await this.#call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#call('Target.attachToTarget', { targetId, flatten: true });
    const session = String(sessionId);
    await this.#call('Page.enable', {}, session);
    const loaded = new Promise<void>(resolve => {
      this.#onLoad = resolve;
    });
    await this.#call('Page.navigate', { url }, session);
    await loaded;
    return async expression => {
      const { result } = await this.#call(
        'Runtime.evaluate',
        { expression, awaitPromise: true, returnByValue: true },
        session,
      );
      return (result as { value?: unknown }).value;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit');
    // It takes its own processes along only when it is asked to end.
    await Promise.all([ended, this.#call('Browser.close', {})]);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #call(method: string, params: object, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        result ? resolve(result) : reject(new Error(`${method}: ${JSON.stringify(error)}`)),
      );
      (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  #take(answer: Answer): void {
    if (answer.method === 'Page.loadEventFired') this.#onLoad();
    if (answer.id === undefined) return;
    this.#waiting.get(answer.id)?.(answer);
    this.#waiting.delete(answer.id);
  }
}

interface Answer {
  readonly id?: number;
  /** Of what happens without having been asked for. */
  readonly method?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
}

describe('server-sent events', () => {
  let lab: RedfishLab;
  beforeAll(async () => {
    lab = await startRedfishLab({ name: 'simulated', latency: 100, faultRate: 0, seed: 1 });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  test.skipIf(!hasProgram('curl'))('curl hears of what happens to a node', async () => {
    const url = lab.url('own', 'node-1');
    const filter = ['-G', '--data-urlencode', "$filter=ResourceType eq 'ComputerSystem'"];
    const { user, password } = login;
    const args = ['-skN', '-u', `${user}:${password}`, ...filter, new URL(sse, url).href];
    const curl = spawn('curl', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let heard = '';
      let asked = false;
      for await (const part of curl.stdout.setEncoding('utf8')) {
        heard += part;
        if (!asked) await powerOn(url, 'node-1');
        asked = true;
        if (heard.includes('ResourcePoweredOn')) break;
      }
      expect(heard).toMatch(/^: events follow\n\nid: /);
      expect(heard).toContain('"/redfish/v1/Systems/node-1"');
      expect(heard).not.toContain('TaskEvent');
    } finally {
      curl.kill('SIGKILL');
    }
  });

  test.skipIf(!hasProgram('chromium'))('a browser hears of what happens to a node', async () => {
    const url = lab.url('all', 'node-2');
    await using browser = await Browser.start();
    const { user, password } = login;
    // The browser asks for credentials where they are needed first, and keeps them.
    const systems = new URL('/redfish/v1/Systems', url);
    const page = await browser.open(Object.assign(systems, { username: user, password }).href);
    await page(`new Promise((resolve, reject) => {
      window.heard = [];
      window.source = new EventSource('${sse}');
      source.onmessage = ({ data }) => heard.push(...JSON.parse(data).Events);
      source.onopen = () => resolve();
      source.onerror = () => reject(new Error('no stream'));
    })`);
    await powerOn(url, 'node-2');
    const origin = await page(`new Promise(resolve => {
      const look = () => {
        const found = heard.find(({ MessageId }) => MessageId.endsWith('ResourcePoweredOn'));
        if (found) resolve(found.OriginOfCondition['@odata.id']);
        else setTimeout(look, 100);
      };
      look();
    })`);
    expect(origin).toBe('/redfish/v1/Systems/node-2');
  });
});
