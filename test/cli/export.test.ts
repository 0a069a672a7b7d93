import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportOptions } from '../../src/lab/exports.ts';
import { type FakeDaemon, fakeDaemon, labStatus, nodeStatus } from './fake-daemon.ts';
import { cli, daemonStatus } from './run-cli.ts';

const role = { cloud: { metadata: { 'quintupleo:role': 'compute' } } };
const first = nodeStatus('rack', 'control-0');
const second = nodeStatus('rack', 'compute-0', {
  spec: { ...first.spec, ...role, name: 'compute-0' },
  bmc: { address: '127.0.0.1', port: 6231, users: [], problem: undefined },
});
const rack = labStatus('rack', [first, second], {
  networks: [{ name: 'provisioning', cidr: '192.168.24.0/24', dhcp: false }],
  redfish: {
    url: 'http://127.0.0.1:8000/redfish/v1',
    users: ['admin'],
    certificate: undefined,
    fingerprint: undefined,
    problem: undefined,
  },
});
const credentials = {
  nodes: {
    'control-0': [
      { name: 'monitor', password: 'may-look', privilege: 'user' },
      { name: 'admin', password: 'control-secret', privilege: 'administrator' },
    ],
    'compute-0': [{ name: 'operator', password: 'compute-secret', privilege: 'operator' }],
  },
  redfish: [{ name: 'admin', password: 'lab-secret', privilege: 'administrator' }],
  kg: { 'control-0': 'c0ffee' },
};

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await fakeDaemon({
    'GET /v1/daemon': { json: daemonStatus },
    'GET /v1/labs': { json: [rack] },
    'GET /v1/labs/rack/credentials': { json: credentials },
  });
});
afterEach(() => daemon[Symbol.asyncDispose]());

const run = (...args: string[]) => cli(['export', ...args], { folder: daemon.folder });
const inFolder = (name: string) => join(daemon.folder, name);

describe('export', () => {
  test('hides passwords on a terminal, and says how to have them', async () => {
    const { out, err } = await cli(['export', 'ironic'], { folder: daemon.folder, terminal: true });
    expect(out).toContain('ipmi_password: "********"');
    expect(out).not.toContain('secret');
    expect(err).toContain('--show-secrets');
  });

  test('prints passwords for a program only when told to', async () => {
    expect(await run('ironic')).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringContaining('this would print passwords'),
    });
    expect((await run('ironic', '--show-secrets')).out).toContain('ipmi_password: control-secret');
    expect((await run('openshift-agent')).status).toBe(0);
  });

  test('logs in as whoever may do most', async () => {
    const { out } = await run('json', '--show-secrets');
    expect(JSON.parse(out)).toMatchObject({
      nodes: [
        {
          ipmi: { username: 'admin', password: 'control-secret', privilege: 'administrator', kg: 'c0ffee' },
          redfish: {
            url: 'http://127.0.0.1:8000',
            systemPath: '/redfish/v1/Systems/control-0',
            password: 'lab-secret',
          },
        },
        { role: 'compute', ipmi: { username: 'operator', privilege: 'operator', kg: null } },
      ],
    });
  });

  test('writes a file that only its owner may read', async () => {
    expect(await run('ironic', 'rack', '-o', 'nodes.yaml')).toEqual({
      status: 0,
      out: 'Wrote nodes.yaml.\n',
      err: '',
    });
    expect((await stat(inFolder('nodes.yaml'))).mode & 0o777).toBe(0o600);
    expect(await readFile(inFolder('nodes.yaml'), 'utf8')).toContain('control-secret');
  });

  test('knows the name that a tool wants', async () => {
    expect((await run('ironic', '-o', 'nodes.yml')).err).toContain('must end in .yaml');
  });

  test('chooses nodes by name, pattern and role', async () => {
    const nodes = async (...args: string[]) =>
      (
        JSON.parse((await run('json', '--show-secrets', ...args)).out) as { nodes: { name: string }[] }
      ).nodes.map(node => node.name);
    expect(await nodes('--node', 'control-0')).toEqual(['control-0']);
    expect(await nodes('--node', 'co*-0')).toEqual(['control-0', 'compute-0']);
    expect(await nodes('--role', 'compute')).toEqual(['compute-0']);
    expect((await run('json', '--node', 'con')).status).toBe(2);
    expect((await run('json', '--show-secrets', '--node', 'con')).err).toContain('lab rack has no node con');
  });

  test('tells programs what was done', async () => {
    const { out } = await run('maas', '-o', 'maas.sh', '--json');
    expect(JSON.parse(out)).toEqual({
      format: 'maas',
      lab: 'rack',
      nodes: ['control-0', 'compute-0'],
      warnings: [expect.stringContaining('port')],
      output: 'maas.sh',
      text: null,
    });
  });

  test('hands on what Ironic is told besides', async () => {
    const { out } = await run(
      ...['ironic', '--show-secrets', '--driver', 'redfish', '--interface', 'deploy=ramdisk'],
      ...[
        '--driver-info',
        'deploy_kernel=http://a/b?c=d',
        '--resource-class',
        'large',
        '--node',
        'control-0',
      ],
    );
    expect(out).toContain('deploy_interface: ramdisk');
    expect(out).toContain('deploy_kernel: "http://a/b?c=d"');
    expect(out).toContain('resource_class: large');
  });

  test('refuses what cannot be', async () => {
    expect((await run('ironic', '--virtual-media', '--driver', 'ipmi', '--show-secrets')).err).toContain(
      'virtual media needs Redfish',
    );
    expect((await run('ironic', '--interface', 'bot=ipxe')).err).toContain('Kinds there are: bios, boot');
    expect((await run('certificate')).err).toContain('the lab has no certificate');
  });
});

describe('files that a lab file names', () => {
  const exports = () => [
    { format: 'ironic' as const, path: inFolder('nodes.yaml'), options: exportOptions({}) },
  ];
  const prepare = async () => {
    await writeFile(inFolder('lab.yaml'), 'lab: rack\nnodes: [{name: node}]\nexport: {ironic: nodes.yaml}\n');
    const lab = { ...rack, exports: exports() };
    daemon.answers.set('GET /v1/labs', { json: [lab] });
    daemon.answers.set('POST /v1/labs/plan', { json: { changes: [], warnings: [] } });
    daemon.answers.set('POST /v1/labs/apply', { progress: [{ type: 'done', lab }] });
    daemon.answers.set('DELETE /v1/labs/rack', { progress: [{ type: 'done', lab: undefined }] });
  };
  const runHere = (...args: string[]) => cli(args, { folder: daemon.folder });

  test('are written by up and removed by down', async () => {
    await prepare();
    expect((await runHere('up', 'lab.yaml')).err).toContain('Wrote nodes.yaml for ironic.');
    expect(await readFile(inFolder('nodes.yaml'), 'utf8')).toContain('control-secret');
    await keepLab();
    expect((await runHere('down', 'rack')).status).toBe(0);
    await expect(stat(inFolder('nodes.yaml'))).rejects.toThrow('ENOENT');
  });

  test('stay where somebody has changed them', async () => {
    await prepare();
    await keepLab();
    await writeFile(inFolder('nodes.yaml'), 'mine');
    expect((await runHere('down', 'rack')).err).toContain('nodes.yaml is not as it was written, and stays.');
    expect(await readFile(inFolder('nodes.yaml'), 'utf8')).toBe('mine');
  });

  /** So that `down` sees that there is a lab at all. */
  async function keepLab(): Promise<void> {
    await mkdir(join(daemon.folder, 'state', 'labs', 'rack'), { recursive: true });
  }
});
