import { describe, expect, test } from 'vitest';
import type { LabStatus, NodeStatus } from '../../../src/daemon/api.ts';
import type { NodeSummary, TimelineEntry } from '../../../src/daemon/api-watch.ts';
import type { SessionAnswer } from '../../../src/daemon/web/web-sessions.ts';
import type { LabDefinition, UserDefinition } from '../../../src/lab/definition.ts';
import { redfishLab, simulatedLab, startDaemon, type TestDaemon } from '../harness.ts';
import { Browser } from './browser.ts';

const users: UserDefinition[] = [
  { name: 'admin', password: undefined, privilege: 'administrator' },
  { name: 'op', password: undefined, privilege: 'operator' },
  { name: 'guest', password: undefined, privilege: 'user' },
];

/** A daemon with a lab `test` that has users of each role, and a lab `other` that nobody can log in to. */
async function daemonWithLabs(): Promise<TestDaemon> {
  const daemon = await startDaemon();
  const service = { address: '127.0.0.1', port: undefined, users };
  const lab: LabDefinition = redfishLab(2, { service });
  await daemon.run('POST', '/v1/labs/apply', lab);
  const other = simulatedLab(1);
  const spec = { ...other.spec, name: 'other' };
  await daemon.run('POST', '/v1/labs/apply', { ...other, spec });
  return daemon;
}

const node = '/v1/labs/test/nodes/node-1';
const powerOn = { action: 'on', wait: 5_000 };

describe('who comes with a ticket', () => {
  test('is administrator of all labs, and the ticket is used up', async () => {
    await using daemon = await daemonWithLabs();
    const { browser, ticket } = await Browser.open(daemon);
    expect((await browser.send('GET', '/session')).status).toBe(401);
    const answer = await browser.logIn({ ticket });
    expect(JSON.parse(answer.text) as SessionAnswer).toMatchObject({ role: 'Administrator', labs: 'all' });
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(/^quintupleo-\d+=/);
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    expect((await browser.json<NodeSummary[]>('/v1/nodes')).map(({ lab }) => lab)).toEqual([
      'test',
      'test',
      'other',
    ]);
    const { browser: second } = await Browser.open(daemon);
    expect((await second.logIn({ ticket })).status).toBe(401);
  });

  test('is out when it has logged out, and so are its consoles’ cookies', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.admin(daemon);
    expect((await browser.send('POST', '/logout')).status).toBe(204);
    expect((await browser.send('GET', '/session')).status).toBe(401);
    expect(await browser.socket(`${node}/console`)).toBe(401);
  });
});

describe('a user of a lab', () => {
  test('sees that lab alone, in its own role', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.user(daemon, 'test', 'guest');
    expect(await browser.json<SessionAnswer>('/session')).toMatchObject({
      name: 'guest',
      role: 'ReadOnly',
      labs: ['test'],
    });
    expect(await browser.json('/labs-to-log-in')).toEqual(['test']);
    expect((await browser.json<LabStatus[]>('/v1/labs')).map(({ name }) => name)).toEqual(['test']);
    expect((await browser.json<NodeSummary[]>('/v1/nodes')).every(({ lab }) => lab === 'test')).toBe(true);
    for (const path of ['/v1/labs/other', '/v1/labs/other/nodes/node-1', '/v1/labs/other/nodes/node-1/why']) {
      expect((await browser.send('GET', path)).status, path).toBe(404);
    }
    expect(await browser.socket('/v1/labs/other/nodes/node-1/console')).toBe(404);
    expect((await browser.send('GET', '/v1/daemon')).status).toBe(403);
  });

  test('who may only look cannot switch', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.user(daemon, 'test', 'guest');
    expect((await browser.send('GET', node)).status).toBe(200);
    for (const [method, path, body] of [
      ['POST', `${node}/power`, powerOn],
      ['PUT', `${node}/boot`, { target: 'pxe', enabled: 'once' }],
      ['PUT', `${node}/deploy`, undefined],
      ['POST', '/v1/labs/test/faults', { fault: { kind: 'bmc-unreachable' } }],
    ] as const) {
      expect((await browser.send(method, path, body)).status, path).toBe(403);
    }
  });

  test('an operator switches, on their own behalf, and injects no faults', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.user(daemon, 'test', 'op');
    const answer = await browser.send('POST', `${node}/power`, powerOn);
    expect((JSON.parse(answer.text) as { node: NodeStatus }).node.power).toBe('on');
    const timeline = await browser.json<TimelineEntry[]>(`${node}/timeline`);
    const asked = timeline.find(({ kind }) => kind === 'request');
    expect(asked).toMatchObject({ face: 'dashboard' });
    expect(asked?.text).toContain('op from 127.0.0.1');
    const fault = { nodes: ['node-1'], fault: { kind: 'bmc-unreachable' } };
    expect((await browser.send('POST', '/v1/labs/test/faults', fault)).status).toBe(403);
    expect((await browser.send('DELETE', '/v1/labs/test/faults')).status).toBe(403);
  });

  test('is out as soon as the account is', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.user(daemon, 'test', 'op');
    expect((await browser.send('GET', '/session')).status).toBe(200);
    await daemon.run('DELETE', '/v1/labs/test');
    expect((await browser.send('GET', '/session')).status).toBe(401);
  });

  test('with a wrong password is told no more than with a wrong name or lab, and is locked out in the end', async () => {
    await using daemon = await daemonWithLabs();
    const { browser } = await Browser.open(daemon);
    const wrong = [
      { lab: 'test', user: 'admin', password: 'wrong' },
      { lab: 'test', user: 'nobody', password: 'wrong' },
      { lab: 'other', user: 'admin', password: 'wrong' },
      { lab: 'none', user: 'admin', password: '' },
    ];
    const answers: string[] = [];
    for (const proof of wrong) {
      const { status, text } = await browser.logIn(proof);
      expect(status).toBe(401);
      answers.push(text);
    }
    expect(new Set(answers).size).toBe(1);
    let last = 0;
    for (let guess = 0; guess < 80 && last !== 503; guess++) {
      last = (await browser.logIn({ lab: 'test', user: 'admin', password: `guess ${guess}` })).status;
    }
    expect(last).toBe(503);
  }, 30_000);
});

test('what the command line alone may do, no session can', async () => {
  await using daemon = await daemonWithLabs();
  const browser = await Browser.admin(daemon);
  for (const [method, path] of [
    ['POST', '/v1/daemon/stop'],
    ['POST', '/v1/labs/apply'],
    ['POST', '/v1/labs/plan'],
    ['DELETE', '/v1/labs/test'],
    ['POST', '/v1/labs/test/stop'],
    ['POST', '/v1/labs/test/start'],
    ['GET', '/v1/labs/test/credentials'],
    ['GET', '/v1/labs/test/drift'],
    ['GET', '/v1/labs/test/nodes/../credentials'],
    ['GET', '/v1/labs/test%2Fcredentials'],
    ['GET', '/v1/labs//test/credentials'],
    ['POST', '/v1/web'],
    ['PUT', '/v1/labs/test/record'],
  ] as const) {
    const { status, text } = await browser.send(
      method,
      path,
      ['GET', 'DELETE'].includes(method) ? undefined : {},
    );
    expect(status, `${method} ${path}`).toBe(404);
    expect(text).not.toContain('password');
  }
  expect((await browser.send('GET', '/v1/labs/test')).status).toBe(200);
});

describe('a page of somebody else', () => {
  test('changes nothing in the name of who is logged in', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.admin(daemon);
    const statuses: number[] = [];
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: undefined },
      { 'x-csrf-token': undefined },
      { 'x-csrf-token': 'wrong' },
      { cookie: undefined },
      { cookie: `${browser.cookie}x` },
    ]) {
      statuses.push((await browser.send('POST', `${node}/power`, powerOn, headers)).status);
    }
    expect(statuses).toEqual([403, 403, 403, 403, 403, 401, 401]);
    expect((await browser.json<NodeStatus>(node)).power).toBe('off');
    const logout = await browser.send('POST', '/logout', undefined, { 'x-csrf-token': 'wrong' });
    expect(logout.status).toBe(403);
    expect((await browser.send('GET', '/session')).status).toBe(200);
  });

  test('logs nobody in', async () => {
    await using daemon = await daemonWithLabs();
    const { browser, ticket } = await Browser.open(daemon);
    const answer = await browser.send('POST', '/login', { ticket }, { origin: 'https://evil.example' });
    expect(answer.status).toBe(403);
    expect((await browser.logIn({ ticket })).status).toBe(200);
  });

  test('is not let in by a name that it has pointed here', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.admin(daemon);
    for (const path of ['/', '/session', '/metrics', '/labs-to-log-in', node]) {
      const { status } = await browser.send('GET', path, undefined, { host: 'evil.example:8625' });
      expect(status, path).toBe(421);
    }
    expect(await browser.socket(`${node}/console`, { host: 'evil.example:8625' })).toBe(421);
  });

  test('opens no console', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.admin(daemon);
    expect(await browser.socket(`${node}/console`, { origin: 'https://evil.example' })).toBe(403);
    expect(await browser.socket(`${node}/console`, { origin: undefined })).toBe(403);
    expect(await browser.socket(`${node}/console`, { cookie: undefined })).toBe(401);
    expect(await browser.socket(`${node}/power`)).toBe(404);
    expect(await browser.socket('/v1/labs/%E0%A4%A/nodes/a/console')).toBe(404);
  });

  test('gets no frame of ours, and no script runs in ours', async () => {
    await using daemon = await daemonWithLabs();
    const { browser } = await Browser.open(daemon);
    for (const path of ['/', '/session', '/nothing.js']) {
      const { headers } = await browser.send('GET', path);
      expect(headers['content-security-policy'], path).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options'], path).toBe('nosniff');
      expect(headers['access-control-allow-origin'], path).toBeUndefined();
    }
    expect((await browser.send('GET', '/session')).headers['cache-control']).toBe('no-store');
  });
});

describe('a client that means harm', () => {
  test('sends no body that is too large, and none that is not asked for', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.admin(daemon);
    expect((await browser.send('POST', '/login', 'x'.repeat(100_000))).status).toBe(413);
    for (const body of ['', 'nonsense', '[]', '{"ticket":1}', { lab: 'test' }, { ticket: '', lab: 'test' }]) {
      expect((await browser.send('POST', '/login', body)).status, JSON.stringify(body)).toBe(400);
    }
    expect((await browser.send('GET', '/v1/watch?after=-1')).status).toBe(400);
  });

  test('sends no message that is too large to a console', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.admin(daemon);
    const { socket } = await browser.connect(`${node}/console`);
    const closed = new Promise<number>(resolve => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.send(Buffer.alloc(1024 * 1024));
    expect(await closed).not.toBe(1000);
    expect((await browser.send('GET', '/session')).status).toBe(200);
  });
});

describe('a console in the browser', () => {
  test('shows what was, and then what comes; who may types', async () => {
    await using daemon = await daemonWithLabs();
    const browser = await Browser.user(daemon, 'test', 'op');
    await browser.send('POST', `${node}/power`, powerOn);
    const console = await browser.connect(`${node}/console`);
    await console.until('login: ');
    console.socket.send(Buffer.from('root\r'));
    await console.until('root\r\n');
    console.socket.close();
  });

  test('takes nothing from who may only look', async () => {
    await using daemon = await daemonWithLabs();
    const operator = await Browser.user(daemon, 'test', 'op');
    await operator.send('POST', `${node}/power`, powerOn);
    const guest = await Browser.user(daemon, 'test', 'guest');
    const watching = await guest.connect(`${node}/console`);
    const typing = await operator.connect(`${node}/console`);
    await watching.until('login: ');
    watching.socket.send(Buffer.from('forbidden'));
    await watching.settled();
    typing.socket.send(Buffer.from('allowed'));
    await watching.until('allowed');
    expect(watching.text).not.toContain('forbidden');
  });
});

test('a stream of what happens tells of the session’s lab alone', async () => {
  await using daemon = await daemonWithLabs();
  const browser = await Browser.user(daemon, 'test', 'guest');
  const end = new AbortController();
  const response = await fetch(`${browser.origin}/v1/watch`, {
    headers: { cookie: browser.cookie ?? '' },
    signal: end.signal,
  });
  const reader = response.body?.getReader();
  const text = Buffer.from((await reader?.read())?.value ?? []).toString();
  expect(text).toContain('"lab":"test"');
  expect(text).not.toContain('"lab":"other"');
  end.abort();
});

test('streams of what happens are so many for a session, and none for who asks only what they are like', async () => {
  await using daemon = await daemonWithLabs();
  const browser = await Browser.user(daemon, 'test', 'guest');
  const end = new AbortController();
  const headers = { cookie: browser.cookie ?? '', 'x-csrf-token': browser.csrf ?? '' };
  const ask = (method = 'GET', signal = end.signal) =>
    fetch(`${browser.origin}/v1/watch`, { method, headers, signal });
  for (let time = 0; time < 10; time++) {
    const answer = await ask('HEAD');
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(await answer.text()).toBe('');
  }
  for (let time = 0; time < 8; time++) expect((await ask()).status).toBe(200);
  expect((await ask()).status).toBe(503);
  end.abort();
  await expect.poll(async () => (await ask('GET', AbortSignal.timeout(5_000))).status).toBe(200);
});

test('metrics are read on the loopback interface without a login', async () => {
  await using daemon = await daemonWithLabs();
  const { browser } = await Browser.open(daemon);
  const { status, text } = await browser.send('GET', '/metrics');
  expect(status).toBe(200);
  expect(text).toContain('# TYPE ');
});
