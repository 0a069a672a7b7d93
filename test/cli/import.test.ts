import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
