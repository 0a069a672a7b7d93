import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dependenciesOf, readKernelModules } from '../../src/boot/kernel-modules.ts';
import type { RunProgram } from '../../src/support/program.ts';

const noPrograms: RunProgram = async program => {
  throw new Error(`${program} was run`);
};
const module = (depends: string) => Buffer.from(`\x7fELF..\0license=GPL\0depends=${depends}\0name=x\0`);

describe('kernel modules', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quintupleo-modules-'));
    await mkdir(join(folder, 'kernel/drivers/net'), { recursive: true });
    const add = (name: string, depends: string) =>
      writeFile(join(folder, 'kernel/drivers/net', `${name}.ko`), module(depends));
    await add('virtio_net', 'net_failover,virtio_ring');
    await add('net_failover', 'failover');
    await add('failover', '');
    await add('virtio_ring', '');
    await add('hid-generic', 'failover');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('come after what they depend on, once', async () => {
    const modules = await readKernelModules(folder, ['virtio_net', 'virtio_ring', 'hid_generic'], noPrograms);
    expect(modules.map(({ name }) => name)).toEqual([
      'failover',
      'net_failover',
      'virtio_ring',
      'virtio_net',
      'hid_generic',
    ]);
  });

  test('that this kernel does not have are left out', async () => {
    const modules = await readKernelModules(folder, ['nvme', 'failover'], noPrograms);
    expect(modules.map(({ name }) => name)).toEqual(['failover']);
  });

  test('that are compressed go through xz', async () => {
    const file = join(folder, 'kernel/drivers/net/button.ko.xz');
    await writeFile(file, 'compressed');
    const run: RunProgram = async (program, args) => {
      expect([program, args.at(-1)]).toEqual(['xz', file]);
      await writeFile(file.slice(0, -3), module(''));
      return { status: 0, stdout: '', stderr: '' };
    };
    const [button] = await readKernelModules(folder, ['button'], run);
    expect(button?.content.equals(module(''))).toBe(true);
  });

  test('tell what they depend on', () => {
    expect(dependenciesOf(module('a-b,c'))).toEqual(['a_b', 'c']);
    expect(dependenciesOf(module(''))).toEqual([]);
    expect(dependenciesOf(Buffer.from('no such field'))).toEqual([]);
  });
});
