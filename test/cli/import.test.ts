import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readLabFile } from '../../src/lab/lab-file.ts';
import { cli } from './run-cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'import-'));
  await writeFile(join(folder, 'env.yaml'), 'parameters: {node_count: 2, bmc_image: x}\n');
  await writeFile(join(folder, 'role.yaml'), 'parameters: {role: compute, node_count: 1}\n');
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...args: string[]) => cli(['import', ...args], { folder });

describe('import ovb', () => {
  test('writes a lab file that can be read, and says what is not in it', async () => {
    expect(await run('ovb', '--role', 'role.yaml', '--id', '7', '-o', 'lab.yaml')).toEqual({
      status: 0,
      out: 'Wrote lab.yaml.\n',
      err: expect.stringMatching(/^not mapped: bmc_image: [^\n]+\n$/),
    });
    const { spec } = readLabFile('lab.yaml', folder, {});
    expect([spec.name, spec.nodes.length]).toEqual(['quintupleo-7', 3]);
  });

  test('prints it where no file is named', async () => {
    const { out } = await run('ovb', 'env.yaml', '--name', 'mine');
    expect(out).toMatch(/^# Made of OVB's env.yaml by "quintupleo import ovb"\./);
    expect(out).toContain('\nlab: mine\n');
  });

  test('tells programs where each value went', async () => {
    const { out } = await run('ovb', '--json');
    expect(JSON.parse(out)).toMatchObject({
      output: null,
      lab: expect.stringContaining('driver: openstack'),
      mapped: [{ environment: 'base', parameter: 'node_count', value: 2, to: 'nodes[0].count' }],
      notMapped: [{ environment: 'base', parameter: 'bmc_image', why: expect.any(String) }],
    });
  });

  test('names what has to be mended by hand', async () => {
    await writeFile(join(folder, 'env.yaml'), 'parameters: {public_net_cidr: 192.168.24.0/24}\n');
    const { err } = await run('ovb');
    expect(err).toMatch(/^mend by hand: the lab file:\d+:\d+: cidr "192.168.24.0\/24" overlaps/m);
  });

  test('replaces no file, and names one that is not there', async () => {
    await writeFile(join(folder, 'lab.yaml'), 'mine');
    expect((await run('ovb', '-o', 'lab.yaml')).err).toContain('lab.yaml exists');
    expect(await readFile(join(folder, 'lab.yaml'), 'utf8')).toBe('mine');
    expect((await run('ovb', 'none.yaml')).err).toContain('none.yaml: no such file');
    expect((await run('xyz')).status).toBe(2);
  });
});

describe('import vbmc', () => {
  beforeEach(async () => {
    await mkdir(join(folder, '.vbmc', 'node-0'), { recursive: true });
    await writeFile(
      join(folder, '.vbmc', 'node-0', 'config'),
      '[VirtualBMC]\ndomain_name = node-0\nusername = admin\npassword = sesame\nport = 6230\naddress = 127.0.0.1\nactive = True\n',
    );
  });

  test('writes a lab file with passwords, for its owner alone', async () => {
    expect(await run('vbmc', '.vbmc', '-o', 'lab.yaml')).toEqual({
      status: 0,
      out: 'Wrote lab.yaml.\n',
      err: '',
    });
    expect((await stat(join(folder, 'lab.yaml'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, 'lab.yaml'), 'utf8')).toContain('password: sesame');
    expect(readLabFile('lab.yaml', folder, {}).spec.nodes).toMatchObject([{ name: 'node-0' }]);
  });

  test('prints no password unless it may', async () => {
    const { out, err } = await cli(['import', 'vbmc'], { folder, env: { HOME: folder } });
    expect(out).toContain('password: "********"');
    expect(err).toContain('--show-secrets shows them');
    expect((await run('vbmc', '.vbmc', '--json', '-o', 'lab.yaml')).out).not.toContain('sesame');
    expect((await run('vbmc', '.vbmc', '--show-secrets')).out).toContain('password: sesame');
  });

  test('says what it cannot read, and what is for others', async () => {
    expect((await run('vbmc', 'none')).err).toContain('none: no such folder');
    expect((await run('vbmc', '.vbmc/node-0')).err).toContain('.vbmc/node-0 has no BMCs of VirtualBMC');
    expect(await run('vbmc', '--role', 'role.yaml')).toMatchObject({
      status: 2,
      err: expect.stringContaining('--role is nothing that vbmc has'),
    });
  });
});

describe('import sushy-tools', () => {
  test('reads the configuration that the emulator reads', async () => {
    await writeFile(join(folder, 'emulator.conf'), 'SUSHY_EMULATOR_AUTH_FILE = "/etc/htpasswd"\n');
    const args = ['import', 'sushy-tools', '--system', 'a', '-o', 'lab.yaml'];
    expect(await cli(args, { folder, env: { SUSHY_EMULATOR_CONFIG: 'emulator.conf' } })).toMatchObject({
      status: 0,
      err: expect.stringMatching(/^not mapped: SUSHY_EMULATOR_AUTH_FILE: it has hashes/),
    });
    expect(readLabFile('lab.yaml', folder, {}).spec.nodes).toMatchObject([{ name: 'a' }]);
  });

  test('wants a file', async () => {
    expect(await run('sushy-tools')).toMatchObject({
      status: 2,
      err: expect.stringContaining('no file is named'),
    });
  });
});
