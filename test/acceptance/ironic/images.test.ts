import { afterAll, beforeAll, expect, test } from 'vitest';
import { unexpected } from './complaints.ts';
import { boot, configdrive, deployed, instanceOf, partitionImage, uefiImage } from './images.ts';
import { Workbench } from './workbench.ts';

/** UEFI machines, the images that they take, and what is on the disk then. */

/** As `sfdisk` has them. */
const espType = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const wholeDisk = instanceOf(uefiImage, 'whole-disk');

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.set();
  const { ironic } = bench;
  await bench.enrol(['uefi'], '--driver', 'redfish', '--interface', 'boot=ipxe');
  await ironic.provision('uefi', 'manage', 'manageable');
  await ironic.provision('uefi', 'provide', 'available');
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

test('deploys an image of a whole disk by iPXE', { timeout: 2 * boot }, async () => {
  const { ironic } = bench;
  await ironic.api.set('uefi', { instance_info: wholeDisk });
  await ironic.provision('uefi', 'active', 'active', { bound: boot });
  await bench.says('uefi', deployed);
  await ironic.provision('uefi', 'deleted', 'available', { bound: boot });
});

test('deploys one by virtual media, with a config drive', { timeout: 2 * boot }, async () => {
  const { ironic } = bench;
  await ironic.api.set('uefi', { boot_interface: 'redfish-virtual-media', instance_info: wholeDisk });
  await ironic.provision('uefi', 'active', 'active', { bound: boot, configdrive });
  await bench.says('uefi', deployed);
  await ironic.provision('uefi', 'deleted', 'available', { bound: boot });
  const disk = await bench.disk('uefi');
  expect(await disk.onConfigDrive('/openstack/latest/user_data')).toBe(configdrive.user_data);
});

test('deploys an image of a partition, with a config drive', { timeout: 2 * boot }, async () => {
  const { ironic } = bench;
  await ironic.api.set('uefi', { instance_info: { ...instanceOf(partitionImage, 'partition'), root_gb: 1 } });
  await ironic.provision('uefi', 'active', 'active', { bound: boot, configdrive });
  await bench.says('uefi', deployed);
  await ironic.provision('uefi', 'deleted', 'available', { bound: boot });
  const disk = await bench.disk('uefi');
  const { name } = JSON.parse((await disk.onConfigDrive('/openstack/latest/meta_data.json')) ?? '{}');
  expect(name).toBe(configdrive.meta_data.name);
  // For firmware, for what the config drive says, and for the image.
  const partitions = await disk.partitions();
  expect(partitions).toHaveLength(3);
  expect(partitions[0]?.type).toBe(espType);
  expect(partitions[2]?.size).toBe(2 ** 30);
});

test('Ironic has complained of nothing but what these tests have done', async () => {
  expect(await unexpected(bench.ironic)).toEqual([]);
});
