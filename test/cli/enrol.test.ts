import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeIronic, fakeIronic } from '../enrol/fake-ironic.ts';
import { type FakeDaemon, fakeDaemon, labStatus, nodeStatus } from './fake-daemon.ts';
import { cli } from './run-cli.ts';

const login = { name: 'admin', password: 'secret', privilege: 'administrator' };

let daemon: FakeDaemon;
let ironic: FakeIronic;
beforeEach(async () => {
  daemon = await fakeDaemon({
    'GET /v1/labs': {
      json: [labStatus('rack', [nodeStatus('rack', 'node-0'), nodeStatus('rack', 'node-1')])],
    },
    'GET /v1/labs/rack/credentials': { json: { nodes: { 'node-0': [login], 'node-1': [login] } } },
  });
  ironic = await fakeIronic({ manage: ['manageable'], provide: ['available'] });
});
afterEach(async () => {
  await daemon[Symbol.asyncDispose]();
  await ironic[Symbol.asyncDispose]();
});

const run = (...args: string[]) => cli(['enrol', 'ironic', ...args], { folder: daemon.folder });

describe('enrol ironic', () => {
  test('makes nodes known, brings them on, and shows how far they are', async () => {
    expect(await run('rack', '--url', ironic.url, '--node', 'node-0', '--provide')).toEqual({
      status: 0,
      out: 'NODE    IRONIC  NEW PORTS  STATE\nnode-0  new     1          available\n',
      err: '',
    });
    expect([...ironic.nodes.values()]).toMatchObject([{ driver: 'ipmi', provision_state: 'available' }]);
  });

  test('is found by OpenStack variables, and its authority by OS_CACERT', async () => {
    const env = { OS_ENDPOINT: ironic.url, OS_CACERT: 'ca.pem' };
    const run = () => cli(['enrol', 'ironic', '--node', 'node-0', '--json'], { folder: daemon.folder, env });
    expect((await run()).err).toContain('ca.pem cannot be read');
    await writeFile(join(daemon.folder, 'ca.pem'), '');
    expect(JSON.parse((await run()).out)).toEqual([
      { node: 'node-0', ok: true, created: true, ports: 1, state: 'enroll' },
    ]);
  });

  test('ends with an error that names the nodes that failed', async () => {
    ironic.behaviours.push(({ body }) =>
      JSON.stringify(body ?? '').includes('node-1') ? { status: 400, body: 'no' } : undefined,
    );
    const { status, out, err } = await run('--url', ironic.url);
    expect(status).not.toBe(0);
    expect(out).toContain('node-0  new');
    expect(err).toContain('failed: node-1: Ironic refused POST /v1/nodes: 400');
    expect(err).toContain('1 of 2 nodes could not be enrolled');
  });

  test('says what is missing', async () => {
    expect((await run()).err).toContain('it is not said where Ironic is');
    expect((await run('--url', ironic.url, '--timeout', 'long')).status).toBe(2);
    expect((await run('--url', ironic.url, '--virtual-media')).err).toContain('has no Redfish service');
  });
});
