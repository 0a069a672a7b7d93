import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenStack } from '../../../src/drivers/openstack/client/openstack.ts';
import { mayRebuildTag } from '../../../src/drivers/openstack/machines/boot-strategies/ipxe-disk.ts';
import { ipxeTag } from '../../../src/drivers/openstack/machines/ipxe-images.ts';
import type { OpenStackDriver } from '../../../src/drivers/openstack/openstack-driver.ts';
import type { BootTarget, NextBoot } from '../../../src/node/boot.ts';
import type { BootStrategy } from '../../../src/node/cloud-spec.ts';
import { DriverError, type MachineAct, machineId } from '../../../src/node/driver.ts';
import { noChange } from '../../../src/node/firmware-settings.ts';
import type { MediaImage } from '../../../src/node/media.ts';
import { Recorder } from '../recorder.ts';
import { labOf, type StandInPlatform, standInPlatform } from './lab-on-stand-in.ts';
import type { Boot } from './stand-in/nova/guest.ts';

const never = new AbortController().signal;
const id = machineId('lab', 'n0');

let platform: StandInPlatform;
let driver: OpenStackDriver;
let recorder: Recorder;
let boots: Pick<Boot, 'device' | 'imageId'>[] = [];
let revision = 0;

const boot = (target: BootTarget = 'default'): NextBoot => ({
  target,
  settings: noChange,
  revision: ++revision,
});
const act = (what: MachineAct) => driver.act(id, what, never);
const guest = () => platform.cloud.guest('old');
const server = () => platform.cloud.server('old');

/** Adopts an instance that somebody made before. */
async function adopt(bootStrategy?: BootStrategy, ipxe?: Readonly<Record<string, string>>): Promise<void> {
  platform = await standInPlatform(labOf('lab', [{ existing: 'old', bootStrategy }]), { guestAcpi: 1_000 });
  const { cloud } = platform;
  const { openstack, ...lease } = await platform.clouds.acquire({ cloud: 'standin' });
  if (ipxe) await makeIpxeImage(openstack, ipxe);
  const [flavor] = await openstack.compute.flavors({ reason: 'test' });
  await openstack.compute.createServer(
    { name: 'old', flavorRef: flavor?.id ?? '', imageRef: cloud.imageId, networks: 'none' },
    { find: async () => undefined },
    { reason: 'test' },
  );
  await lease.poller.refresh();
  await lease.poller.until(
    cloud.server('old').id,
    one => one?.status === 'ACTIVE' && !one['OS-EXT-STS:task_state'],
    never,
  );
  driver = await platform.createDriver();
  recorder = await Recorder.of(driver);
  for (const change of await driver.plan(platform.lab)) {
    if (change.kind === 'machine') await driver.apply(platform.lab, change, never);
  }
  boots = [];
  cloud.onBoot(({ device, imageId }) => boots.push({ device, imageId }));
}

async function makeIpxeImage(
  openstack: OpenStack,
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  const { id: image } = await openstack.image.create(
    { name: 'ipxe', disk_format: 'raw', container_format: 'bare', tags: [ipxeTag], properties },
    { find: async () => undefined },
    { reason: 'test' },
  );
  await openstack.image.upload(image, import.meta.filename, { reason: 'test' });
}

async function power(state: 'on' | 'off', target: BootTarget = 'default'): Promise<void> {
  await act(state === 'on' ? { action: 'on', boot: boot(target) } : { action: 'off' });
  await recorder.untilPower(id, state);
}

afterEach(async () => {
  recorder.stop();
  await driver[Symbol.asyncDispose]();
  await platform.dispose();
});

test('an instance that was adopted keeps running, and is seen as it is', async () => {
  await adopt();
  expect(recorder.power(id)).toBe('on');
  expect(boots).toEqual([]);
  expect(driver.bootStrategy('n0')).toMatchObject({ strategy: 'none' });
  await power('off');
  await power('on');
  expect(boots).toMatchObject([{ device: 'disk' }]);
});

describe('rescue', () => {
  const image = { hw_rescue_device: 'cdrom', hw_rescue_bus: 'sata' };

  test('is how an adopted instance boots from the network, where there is an iPXE image', async () => {
    await adopt(undefined, image);
    await power('off');
    await power('on', 'pxe');
    expect(boots).toMatchObject([{ device: 'rescue' }]);
    expect(server().vmState).toBe('rescued');
    expect(recorder.of(id, 'booted').at(-1)).toMatchObject({ revision, cause: 'power-on' });
  });

  test('a reset stays on the network, or leads back to the disk', async () => {
    await adopt('rescue', image);
    await act({ action: 'reset', boot: boot('pxe') });
    await act({ action: 'reset', boot: boot('pxe') });
    expect(boots.at(-1)).toMatchObject({ device: 'rescue' });
    await act({ action: 'reset', boot: boot('disk') });
    expect(boots.at(-1)).toMatchObject({ device: 'disk' });
    expect(server().vmState).toBe('active');
  });

  test('an off during a network boot leaves rescue mode first', async () => {
    await adopt('rescue', image);
    await act({ action: 'reset', boot: boot('pxe') });
    await power('off');
    expect(guest().running).toBe(false);
    expect(server().vmState).toBe('stopped');
  });

  describe('with a disc in its drive', () => {
    const disc = async (name: string): Promise<MediaImage> => {
      const file = join(folder, name);
      await writeFile(file, `the disc ${name}`);
      return { url: 'http://192.0.2.1/live.iso', file, size: 10, writeProtected: true };
    };
    const insert = (cd: MediaImage | undefined) =>
      act({ action: 'set-media', media: { cd, usb: undefined, revision: ++revision } });
    const discs = () =>
      [...platform.cloud.glance.images.values()].filter(({ tags }) => tags.includes('quintupleo:disc'));
    let folder = '';
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'quintupleo-disc-'));
      await adopt('rescue', image);
    });
    afterEach(() => rm(folder, { recursive: true }));

    test('boots from it by an image of the project, which is there as long as the disc', async () => {
      expect(driver.capabilities(id)).toMatchObject({ mediaSlots: ['cd'] });
      expect(driver.capabilities(id).bootTargets).toContain('cdrom');
      const one = await disc('n0-cd-1.img');
      await insert(one);
      await insert(one);
      expect(discs()).toMatchObject([
        { properties: { hw_rescue_device: 'cdrom', quintupleo_node: 'n0', quintupleo_owner: 'c0ffee' } },
      ]);
      expect(discs()[0]?.data?.toString()).toBe('the disc n0-cd-1.img');
      expect(boots).toEqual([]);
      await act({ action: 'reset', boot: boot('cdrom') });
      expect(boots.at(-1)).toMatchObject({ device: 'rescue', imageId: discs()[0]?.id });
      await power('off');
      await power('on', 'cdrom');
      expect(boots.at(-1)).toMatchObject({ device: 'rescue', imageId: discs()[0]?.id });

      await insert(await disc('n0-cd-2.img'));
      expect(discs().map(({ data }) => data?.toString())).toEqual(['the disc n0-cd-2.img']);
      await insert(undefined);
      expect(discs()).toEqual([]);
      await act({ action: 'reset', boot: boot('cdrom') });
      expect(boots.at(-1)).toMatchObject({ device: 'disk' });
    });

    test('that could not be uploaded is told, and tried again without a trace', async () => {
      const one = await disc('n0-cd-1.img');
      platform.cloud.inject({ match: { path: /file$/ }, respond: { type: 'status', status: 500 } });
      await expect(insert(one)).rejects.toBeInstanceOf(DriverError);
      await act({ action: 'reset', boot: boot('cdrom') });
      expect(boots.at(-1)).toMatchObject({ device: 'disk' });
      await insert(one);
      expect(discs().map(({ fields }) => fields.status)).toEqual(['active']);
    });

    test('leaves the project with the lab, after a kill too', async () => {
      await insert(await disc('n0-cd-1.img'));
      expect(discs()).toHaveLength(1);
      recorder.stop();
      await driver[Symbol.asyncDispose]();
      driver = await platform.createDriver();
      recorder = await Recorder.of(driver);
      const nothing = { name: platform.lab.name, networks: [], nodes: [] };
      for (const change of await driver.plan(nothing)) await driver.apply(nothing, change, never);
      expect(discs()).toEqual([]);
      expect(platform.cloud.guest('old').running).toBe(true);
    });
  });

  test('a soft off during a network boot is refused', async () => {
    await adopt('rescue', image);
    await act({ action: 'reset', boot: boot('pxe') });
    await expect(act({ action: 'soft-off' })).rejects.toMatchObject({ kind: 'refused' });
  });
});

describe('pxe-first', () => {
  test('says in the metadata what Nova shall start the machine with', async () => {
    await adopt('pxe-first');
    await power('off');
    await power('on', 'pxe');
    expect(server().metadata).toMatchObject({ 'libvirt:pxe-first': '1' });
    await act({ action: 'reset', boot: boot('disk') });
    expect(server().metadata).not.toHaveProperty('libvirt:pxe-first');
  });
});

describe('ipxe-disk', () => {
  const image = {};

  test('rebuilds nothing that is not tagged for it, and says how', async () => {
    await adopt('ipxe-disk', image);
    await power('off');
    await expect(act({ action: 'on', boot: boot('pxe') })).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(mayRebuildTag),
    });
    await power('on', 'disk');
    expect(boots).toMatchObject([{ imageId: platform.cloud.imageId }]);
  });

  test('rebuilds to iPXE where it may', async () => {
    await adopt('ipxe-disk', image);
    const { openstack } = await platform.clouds.acquire({ cloud: 'standin' });
    await openstack.compute.setTags(server().id, [mayRebuildTag], { reason: 'test' });
    await power('off');
    await power('on', 'pxe');
    expect(boots.at(-1)?.imageId).not.toBe(platform.cloud.imageId);
  });

  test('a rebuild that ends in ERROR is told, and is no boot', async () => {
    await adopt('ipxe-disk', image);
    const { openstack } = await platform.clouds.acquire({ cloud: 'standin' });
    await openstack.compute.setTags(server().id, [mayRebuildTag], { reason: 'test' });
    platform.cloud.failNextBuild('Virtual Interface creation failed');
    const before = recorder.of(id, 'booted').length;
    await expect(act({ action: 'reset', boot: boot('pxe') })).rejects.toMatchObject({ kind: 'refused' });
    expect(recorder.of(id, 'booted')).toHaveLength(before);
  });

  test('takes the image for the firmware that the machine has', async () => {
    await adopt('ipxe-disk', { hw_firmware_type: 'uefi' });
    expect(driver.bootStrategy('n0')).toMatchObject({ strategy: 'none' });
  });
});
