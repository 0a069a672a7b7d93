import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ironicAccess } from '../../src/enrol/ironic-access.ts';
import { IronicClient } from '../../src/enrol/ironic-client.ts';
import { type EnrolmentGoal, enrolInIronic } from '../../src/enrol/ironic-enrolment.ts';
import { type Clock, systemClock } from '../../src/support/clock.ts';
import { example, options } from './example.ts';
import { type FakeIronic, fakeIronic, fault } from './fake-ironic.ts';

/** Time in which every wait is over at once, and a minute long. */
function hastyClock(): Clock {
  let passed = 0;
  return {
    now: () => passed,
    after(ms, callback) {
      passed += ms;
      return systemClock.after(0, callback);
    },
  };
}

let ironic: FakeIronic;
beforeEach(async () => {
  ironic = await fakeIronic();
});
afterEach(() => ironic[Symbol.asyncDispose]());

async function enrol(state: EnrolmentGoal['state'] = 'enroll', at = ironic) {
  const { signal } = new AbortController();
  await using client = new IronicClient({ url: at.url, auth: { type: 'none' } }, signal);
  const goal = { state, timeout: 60_000 };
  return await enrolInIronic(example, options(), goal, { client, clock: hastyClock(), signal });
}

const calls = (method: string) => ironic.asked.filter(({ what }) => what.startsWith(method));

describe('nodes in Ironic', () => {
  test('are made, with their ports, under the UUIDs that the systems have', async () => {
    expect(await enrol()).toEqual([
      { node: 'control-0', ok: true, created: true, ports: 2, state: 'enroll' },
      { node: 'compute-0', ok: true, created: true, ports: 1, state: 'enroll' },
    ]);
    const [node] = calls('POST /v1/nodes').filter(({ body }) => JSON.stringify(body).includes('control-0'));
    expect(node?.headers).toMatchObject({ 'x-openstack-ironic-api-version': '1.72' });
    expect(node?.body).toMatchObject({
      uuid: '525a0cd8-98ec-5ad3-b48c-93c177fc07f1',
      driver_info: { ipmi_password: 'first-secret' },
    });
    expect(calls('POST /v1/ports')).toHaveLength(3);
    expect(calls('POST /v1/ports').map(({ body }) => body)).toContainEqual({
      node_uuid: '525a0cd8-98ec-5ad3-b48c-93c177fc07f1',
      address: '52:54:00:12:34:56',
      physical_network: 'storage',
      pxe_enabled: false,
    });
  });

  test('are brought as far as wanted', async () => {
    const states = async (goal: EnrolmentGoal['state']) =>
      (await enrol(goal)).map(outcome => (outcome.ok ? outcome.state : outcome.message));
    expect(await states('manageable')).toEqual(['manageable', 'manageable']);
    expect(await states('available')).toEqual(['available', 'available']);
    expect(await states('manageable')).toEqual(['available', 'available']);
  });

  test('that are known have their BMC made right, and what else they have stays', async () => {
    await enrol();
    ironic.asked.length = 0;
    expect(await enrol()).toMatchObject([
      { created: false, ports: 0 },
      { created: false, ports: 0 },
    ]);
    expect(calls('POST')).toEqual([]);
    expect(calls('PATCH').map(({ body }) => body)).toContainEqual(
      expect.arrayContaining([{ op: 'add', path: '/driver_info/ipmi_password', value: 'first-secret' }]),
    );
  });

  test('that have another driver get the default interfaces of the new one, unless one chooses', async () => {
    await enrol();
    for (const node of ironic.nodes.values()) node.driver = 'redfish';
    await enrol();
    const [call] = calls('PATCH');
    expect(call?.what).toMatch(/\?reset_interfaces=True$/);
    expect(call?.body).toContainEqual({ op: 'add', path: '/driver', value: 'ipmi' });
  });

  test('that are locked are tried again, for a while', async () => {
    await enrol();
    let refusals = 2;
    const locked = { status: 409, body: fault('Node 1 is locked by host c, please retry.') };
    ironic.behaviours.push(({ what }) => (what.startsWith('PATCH') && refusals-- > 0 ? locked : undefined));
    expect(await enrol()).toMatchObject([{ ok: true }, { ok: true }]);
    refusals = Number.POSITIVE_INFINITY;
    expect(await enrol()).toMatchObject([
      { ok: false, message: expect.stringContaining('is locked by host c') },
      { ok: false },
    ]);
  });

  test('that fail do not keep the others, and say why', async () => {
    ironic.behaviours.push(({ what, body }) =>
      what === 'POST /v1/nodes' && JSON.stringify(body).includes('compute-0')
        ? { status: 409, body: fault('A node with name compute-0 already exists.') }
        : undefined,
    );
    expect(await enrol()).toEqual([
      { node: 'control-0', ok: true, created: true, ports: 2, state: 'enroll' },
      {
        node: 'compute-0',
        ok: false,
        message: 'Ironic refused POST /v1/nodes: 409 A node with name compute-0 already exists.',
      },
    ]);
  });

  test('whose BMC Ironic cannot reach are told of', async () => {
    await using lame = await fakeIronic({ manage: ['verifying', 'enroll'] });
    expect(await enrol('available', lame)).toMatchObject([
      { ok: false, message: 'it is enroll, not manageable: Ironic does not say why' },
      { ok: false },
    ]);
  });

  test('that take for ever are given up', async () => {
    await using slow = await fakeIronic({ manage: Array.from({ length: 1000 }, () => 'verifying') });
    expect(await enrol('manageable', slow)).toMatchObject([
      { ok: false, message: expect.stringContaining('is not manageable in time') },
      { ok: false },
    ]);
  });
});

describe('how Ironic is reached', () => {
  const access = (env: Readonly<Record<string, string>>, url?: string) =>
    ironicAccess(env, url, path => `PEM of ${path}`);

  test('by an option, or as OpenStack variables say', () => {
    expect(access({ OS_ENDPOINT: 'http://a:6385' }, 'http://b:6385')).toEqual({
      url: 'http://b:6385',
      auth: { type: 'none' },
    });
    expect(
      access({
        ...{ OS_ENDPOINT: 'https://a:6385', OS_AUTH_TYPE: 'http_basic', OS_CACERT: 'ca.pem' },
        ...{ OS_USERNAME: 'me', OS_PASSWORD: 'mine' },
      }),
    ).toEqual({
      url: 'https://a:6385',
      auth: { type: 'http_basic', username: 'me', password: 'mine' },
      ca: 'PEM of ca.pem',
    });
    expect(access({ OS_ENDPOINT: 'http://a', OS_AUTH_TYPE: 'v3token', OS_TOKEN: 't' }).auth).toEqual({
      type: 'token',
      token: 't',
    });
  });

  test('and an error where they do not', () => {
    expect(() => access({})).toThrow('it is not said where Ironic is');
    expect(() => access({}, 'ironic:6385')).toThrow('it is not said where Ironic is');
    expect(() => access({ OS_ENDPOINT: 'http://a', OS_AUTH_TYPE: 'password' })).toThrow('there is no token');
    expect(() => access({ OS_ENDPOINT: 'http://a', OS_AUTH_TYPE: 'http_basic' })).toThrow('needs a user');
  });

  test.each([
    [{ type: 'none' }, {}],
    [{ type: 'http_basic', username: 'me', password: 'mine' }, { authorization: 'Basic bWU6bWluZQ==' }],
    [{ type: 'token', token: 't' }, { 'x-auth-token': 't' }],
  ] as const)('%o', async (auth, headers) => {
    const { signal } = new AbortController();
    await using client = new IronicClient({ url: `${ironic.url}/v1/`, auth }, signal);
    expect(await client.findNode('none')).toBeUndefined();
    expect(ironic.asked[0]?.what).toBe('GET /v1/nodes/none?fields=uuid,driver,provision_state,last_error');
    expect(ironic.asked[0]?.headers).toMatchObject(headers);
  });

  test('what is not Ironic, and what does not answer, is an error that says so', async () => {
    const { signal } = new AbortController();
    ironic.behaviours.push(() => ({ status: 200, body: 'hello' }));
    await using wrong = new IronicClient({ url: ironic.url, auth: { type: 'none' } }, signal);
    await expect(wrong.findNode('a')).rejects.toThrow('the answer is not one of Ironic');
    await using nobody = new IronicClient({ url: 'http://127.0.0.1:1', auth: { type: 'none' } }, signal);
    await expect(nobody.findNode('a')).rejects.toThrow(/Ironic at .* does not answer/);
  });
});
