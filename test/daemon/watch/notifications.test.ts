import { createHmac } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Happenings } from '../../../src/daemon/watch/happenings.ts';
import type { Notice } from '../../../src/daemon/watch/notice.ts';
import { Notifications } from '../../../src/daemon/watch/notifications.ts';
import { Webhook, webhookSignature } from '../../../src/daemon/watch/webhooks.ts';
import type { NotifyDefinition, WebhookDefinition } from '../../../src/lab/definition.ts';
import type { EventEntry } from '../../../src/node/event-log.ts';
import { systemClock, VirtualClock } from '../../../src/support/clock.ts';
import type { HttpPost } from '../../../src/support/http-poster.ts';
import { silentLog } from '../../../src/support/log.ts';
import { simulatedLab, startDaemon } from '../harness.ts';

const nobody: NotifyDefinition = { webhooks: [], traps: [], file: undefined, destinations: undefined };

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-test-'));
  cleanUps.push(() => rm(folder, { recursive: true }));
  return folder;
}

function entry(change: Partial<EventEntry> = {}): EventEntry {
  return { id: 1, at: 0, kind: 'power-on', severity: 'ok', message: 'powered on', ...change };
}

/** Notifications of a lab `lab` with that definition, which may be changed. */
function setUp(definition: NotifyDefinition | undefined, folder = '/nowhere') {
  const happenings = new Happenings();
  const settings = { definition };
  const notifications = new Notifications(happenings, {
    clock: systemClock,
    log: silentLog,
    random: () => 1,
    definitionOf: lab => (lab === 'lab' ? settings.definition : undefined),
    fileOf: () => join(folder, 'events.jsonl'),
    subjectOf: () => undefined,
  });
  cleanUps.push(() => notifications[Symbol.asyncDispose]());
  const log = (change: Partial<EventEntry> = {}, lab = 'lab') =>
    happenings.tell({
      type: 'node',
      lab,
      node: 'node-1',
      activity: { type: 'logged', entry: entry(change) },
    });
  return { happenings, notifications, settings, log };
}

describe('a file of events', () => {
  const linesOf = async (path: string) =>
    (await readFile(path, 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);

  test('has a line for each event, in order, and only its owner may read it', async () => {
    const folder = await makeFolder();
    const { log, notifications, happenings } = setUp(
      { ...nobody, file: { path: undefined, size: 65_536, keep: 2 } },
      folder,
    );
    log({ message: 'one' });
    log({ message: 'two', severity: 'critical', kind: 'panicked' });
    log({ message: 'of another lab' }, 'other');
    happenings.tell({
      type: 'fault',
      lab: 'lab',
      node: 'node-1',
      fault: 'bmc-slow',
      phase: 'injected',
      text: 'answers come late',
    });
    await notifications[Symbol.asyncDispose]();
    const path = join(folder, 'events.jsonl');
    expect(await linesOf(path)).toMatchObject([
      { lab: 'lab', node: 'node-1', kind: 'power-on', severity: 'ok', message: 'one' },
      { kind: 'panicked', severity: 'critical', message: 'two' },
      { kind: 'fault-injected', severity: 'warning', message: 'answers come late' },
    ]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('is put aside when it is full, and no more are kept than wanted', async () => {
    const folder = await makeFolder();
    const path = join(folder, 'events.jsonl');
    for (let round = 0; round < 5; round++) {
      const { log, notifications } = setUp({ ...nobody, file: { path, size: 400, keep: 2 } });
      log({ message: `round ${round} ${'x'.repeat(200)}` });
      await notifications[Symbol.asyncDispose]();
    }
    const rounds = await Promise.all(
      [path, `${path}.1`, `${path}.2`].map(async one => (await linesOf(one)).map(({ message }) => message)),
    );
    expect(rounds.map(([message]) => String(message).slice(0, 7))).toEqual(['round 4', 'round 3', 'round 2']);
    await expect(stat(`${path}.3`)).rejects.toThrow('ENOENT');
  });

  test('that cannot be written keeps nobody from going on', async () => {
    const { log, notifications } = setUp({
      ...nobody,
      file: { path: '/proc/no/such', size: 65_536, keep: 1 },
    });
    log();
    await notifications[Symbol.asyncDispose]();
  });
});

describe('a webhook', () => {
  const definition: WebhookDefinition = {
    url: 'https://hooks.example.org/lab',
    secret: 'a test’s secret',
    severity: 'ok',
    verifyCertificate: true,
  };

  function makeHook(change: Partial<WebhookDefinition> = {}) {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const posts: (HttpPost & { readonly at: number })[] = [];
    const receiver = { fails: 0 };
    const hook = new Webhook(
      { ...definition, ...change },
      {
        clock,
        log: silentLog,
        random: () => 1,
        poster: {
          post: async post => {
            posts.push({ ...post, at: clock.now() });
            if (receiver.fails-- > 0) throw new Error('answered with status 503');
          },
        },
      },
    );
    let count = 0;
    const tell = (more: Partial<Notice> = {}) =>
      hook.offer({
        id: `id-${++count}`,
        at: clock.now(),
        lab: 'lab',
        node: 'node-1',
        kind: 'power-on',
        severity: 'ok',
        message: `message ${count}`,
        ...more,
      });
    const ids = () => posts.map(({ headers }) => headers['webhook-id']);
    return { clock, posts, receiver, hook, tell, ids };
  }

  test('is signed so that the receiver knows whose it is, and when it was sent', async () => {
    const { clock, posts, tell } = makeHook();
    tell();
    await clock.advance(0);
    const [{ headers = {}, body = '' } = {}] = posts;
    expect(JSON.parse(body)).toEqual({
      id: 'id-1',
      at: '2026-01-01T00:00:00.000Z',
      lab: 'lab',
      node: 'node-1',
      kind: 'power-on',
      severity: 'ok',
      message: 'message 1',
    });
    const seconds = headers['webhook-timestamp'];
    const expected = createHmac('sha256', 'a test’s secret')
      .update(`id-1.${seconds}.${body}`)
      .digest('base64');
    expect(headers).toMatchObject({ 'webhook-id': 'id-1', 'webhook-signature': `v1,${expected}` });
    expect(seconds).toBe(String(Date.UTC(2026, 0, 1) / 1000));
  });

  test('has the signature that Standard Webhooks gives as an example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const body = '{"test": 2432232314}';
    expect(webhookSignature(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, body)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  test('is not signed without a secret', async () => {
    const { clock, posts, tell } = makeHook({ secret: undefined });
    tell();
    await clock.advance(0);
    expect(Object.keys(posts[0]?.headers ?? {})).toEqual(['webhook-id', 'webhook-timestamp']);
  });

  test('is tried again after pauses that grow, under the same ID, and nothing overtakes it', async () => {
    const { clock, posts, receiver, tell, ids } = makeHook();
    receiver.fails = 3;
    tell();
    tell();
    await clock.advance(60_000);
    expect(ids()).toEqual(['id-1', 'id-1', 'id-1', 'id-1', 'id-2']);
    expect(posts.map(({ at }) => at - (posts[0]?.at ?? 0))).toEqual([0, 1_000, 3_000, 7_000, 7_000]);
  });

  test('that is never taken is given up within an hour, and the next one is tried', async () => {
    const { clock, receiver, tell, ids } = makeHook();
    receiver.fails = 16;
    tell();
    tell();
    await clock.advance(3_600_000);
    expect(ids()).toHaveLength(17);
    expect(ids().at(-1)).toBe('id-2');
  });

  test('that waits too long makes way for newer ones, and that is told', async () => {
    const { clock, receiver, posts, tell } = makeHook();
    receiver.fails = 1;
    for (let count = 0; count < 300; count++) tell();
    await clock.advance(600_000);
    const kinds = posts.map(({ body }) => (JSON.parse(body) as { kind: string }).kind);
    expect(kinds.filter(kind => kind === 'events-lost')).toHaveLength(1);
    expect(JSON.parse(posts.at(-1)?.body ?? '')).toMatchObject({ id: 'id-300' });
  });

  test('below the wanted severity is not sent', async () => {
    const { clock, tell, ids } = makeHook({ severity: 'warning' });
    tell({ severity: 'ok' });
    tell({ severity: 'warning' });
    tell({ severity: 'critical' });
    await clock.advance(0);
    expect(ids()).toEqual(['id-2', 'id-3']);
  });

  test('ends when the lab is gone', async () => {
    const { clock, receiver, hook, tell, ids } = makeHook();
    receiver.fails = 1;
    tell();
    await clock.advance(0);
    await hook[Symbol.asyncDispose]();
    await clock.advance(600_000);
    expect(ids()).toEqual(['id-1']);
  });
});

describe('over HTTP', () => {
  async function receive() {
    const heard: { headers: IncomingHttpHeaders; body: string }[] = [];
    let arrived: () => void = () => undefined;
    const first = new Promise<void>(resolve => {
      arrived = resolve;
    });
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      heard.push({ headers: request.headers, body });
      response.end();
      arrived();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => new Promise(resolve => server.close(resolve)));
    return { heard, first, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
  }

  test('a receiver that the lab file allows is told', async () => {
    const { heard, first, url } = await receive();
    const webhook = { url, secret: 'secret', severity: 'ok', verifyCertificate: true } as const;
    const { log } = setUp({ ...nobody, webhooks: [webhook], destinations: ['127.0.0.1'] });
    log({ message: 'for the receiver' });
    await first;
    const [{ headers, body }] = heard as [(typeof heard)[number]];
    const seconds = Number(headers['webhook-timestamp']);
    expect(headers['webhook-signature']).toBe(
      webhookSignature('secret', String(headers['webhook-id']), seconds, body),
    );
    expect(JSON.parse(body)).toMatchObject({ message: 'for the receiver' });
  });
});

test('whom a changed lab file names is told from then on, and nobody else', async () => {
  const folder = await makeFolder();
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  const fileAt = (path: string) => ({ ...nobody, file: { path, size: 65_536, keep: 1 } });
  const { log, settings, notifications } = setUp(fileAt(one));
  log({ message: 'first' });
  settings.definition = fileAt(two);
  log({ message: 'second' });
  settings.definition = undefined;
  log({ message: 'third' });
  await notifications[Symbol.asyncDispose]();
  expect((await readFile(one, 'utf8')).match(/first|second|third/g)).toEqual(['first']);
  expect((await readFile(two, 'utf8')).match(/first|second|third/g)).toEqual(['second']);
});

test('a lab that is taken away tells nobody any more, and leaves no file', async () => {
  let arrived = () => {};
  const first = new Promise<void>(resolve => {
    arrived = resolve;
  });
  let hungUp = () => {};
  const ended = new Promise<void>(resolve => {
    hungUp = resolve;
  });
  // It never answers.
  const receiver = createServer(request => {
    request.on('close', hungUp).resume();
    arrived();
  });
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => new Promise(resolve => receiver.close(resolve)));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  await using daemon = await startDaemon();
  const webhook = { url, secret: undefined, severity: 'ok', verifyCertificate: true } as const;
  const file = { path: undefined, size: 65_536, keep: 1 };
  const notify = { ...nobody, webhooks: [webhook], file, destinations: ['127.0.0.1'] };
  await daemon.run('POST', '/v1/labs/apply', { ...simulatedLab(1), notify });
  await daemon.call('POST', '/v1/labs/test/nodes/node-1/power', { action: 'on', wait: 5_000 });
  await first;
  await daemon.run('DELETE', '/v1/labs/test');
  expect(await readdir(join(daemon.paths.stateDirectory, 'labs'))).toEqual([]);
  await ended;
});
