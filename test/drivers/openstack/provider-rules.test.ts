import { describe, expect, test } from 'vitest';
import { DiscImages } from '../../../src/drivers/openstack/machines/disc-images.ts';
import { labsIn } from '../../../src/drivers/openstack/provision/inventory.ts';
import { removeLab } from '../../../src/drivers/openstack/provision/remove-lab.ts';
import type { CloudDiskSettings, CloudLabSettings } from '../../../src/node/cloud-spec.ts';
import type { DiskSpec, LabSpec } from '../../../src/node/spec.ts';
import { silentLog } from '../../../src/support/log.ts';
import { labOf, never, nodeOf, owner, ProviderPlatform } from './provider-platform.ts';

const ctx = { reason: 'test' };
const hour = 3_600_000;

describe('whose a lab is', () => {
  test('a lab of that name that another made is left alone, and said', async () => {
    await using platform = await ProviderPlatform.start();
    await platform.maker('lab', 'dead02').up(labOf([nodeOf(0)]));
    const before = platform.cloud.snapshot();
    const maker = platform.maker();
    await expect(maker.provider.plan(labOf([nodeOf(0)]))).rejects.toMatchObject({
      code: 'LAB_OF_ANOTHER',
      message: expect.stringContaining('dead02'),
    });
    expect(await maker.provider.existing('lab')).toEqual([]);
    expect(await maker.down()).toEqual([]);
    expect(platform.cloud.snapshot()).toEqual(before);
  });

  test('what only bears the same names is not the lab’s', async () => {
    await using platform = await ProviderPlatform.start();
    const { openstack, up, down } = platform.maker();
    const once = { find: async () => undefined };
    await openstack.network.networks.create({ name: 'lab-provision' }, once, ctx);
    const before = platform.cloud.snapshot();
    expect(await up(labOf([]))).toMatchObject([{ op: 'create', kind: 'network' }]);
    await down();
    expect(platform.cloud.snapshot()).toEqual(before);
  });
});

describe('an instance that existed', () => {
  const adopting = (reference: string): LabSpec => labOf([nodeOf(0, { cloud: { existing: reference } })]);

  test('is adopted by metadata alone, and released by down', async () => {
    await using platform = await ProviderPlatform.start();
    await platform.maker('other').up({ ...labOf([nodeOf(5)]), name: 'other' });
    const server = platform.cloud.server('other-n-5');
    // As if somebody had made it by hand.
    server.metadata = { theirs: 'yes' };
    const { id } = server;
    platform.cloud.forgetRequests();
    const maker = platform.maker();
    await maker.up(adopting('other-n-5'));
    expect(platform.cloud.server(id).metadata).toEqual({
      theirs: 'yes',
      'quintupleo:lab': 'lab',
      'quintupleo:node': 'n-0',
      'quintupleo:owner': owner,
    });
    expect(await maker.provider.plan(adopting('other-n-5'))).toEqual([]);
    const [release] = await maker.down();
    expect(release).toMatchObject({
      op: 'delete',
      disruptive: false,
      summary: 'released; the instance itself stays',
    });
    expect(platform.cloud.server(id).metadata).toEqual({ theirs: 'yes' });
    const touching = platform.cloud
      .requestsTo({ service: 'compute' })
      .filter(({ method, path }) => method !== 'GET' && !path.includes('/metadata'));
    expect(touching).toEqual([]);
  });

  test('that is in rescue mode leaves it when it is released', async () => {
    await using platform = await ProviderPlatform.start();
    await platform.maker('other').up({ ...labOf([nodeOf(5)]), name: 'other' });
    const server = platform.cloud.server('other-n-5');
    server.metadata = {};
    const maker = platform.maker();
    await maker.up(adopting('other-n-5'));
    await maker.openstack.compute.rescue(server.id, platform.cloud.imageId, ctx);
    await maker.down();
    expect(server).toMatchObject({ vmState: 'active', metadata: {} });
  });

  test('that is of another lab is not adopted', async () => {
    await using platform = await ProviderPlatform.start();
    await platform.maker('other').up({ ...labOf([nodeOf(5)]), name: 'other' });
    await expect(platform.maker().up(adopting('other-n-5'))).rejects.toMatchObject({
      code: 'INSTANCE_TAKEN',
    });
  });

  test('gives way to one that the lab makes, and stays', async () => {
    await using platform = await ProviderPlatform.start();
    await platform.maker('other').up({ ...labOf([nodeOf(5)]), name: 'other' });
    const server = platform.cloud.server('other-n-5');
    server.metadata = {};
    const maker = platform.maker();
    await maker.up(adopting('other-n-5'));
    await maker.up(labOf([nodeOf(0)]));
    expect(platform.cloud.server(server.id).metadata).toEqual({});
    expect(platform.cloud.server('lab-n-0').id).not.toBe(server.id);
    expect(await maker.provider.plan(labOf([nodeOf(0)]))).toEqual([]);
  });
});

describe('a volume of a server that is gone', () => {
  test('is the next one’s although Cinder did not let Nova free it', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const lab = labOf([nodeOf(0, { disks: [volumeOf({})] })]);
    const maker = platform.maker();
    await maker.up(lab);
    const { volumes } = cloud.snapshot();
    if (cloud.cinder) cloud.cinder.refusesNova = true;
    await maker.openstack.compute.deleteServer(cloud.server('lab-n-0').id, ctx);
    await platform.maker().up(lab);
    expect(cloud.snapshot().volumes).toEqual(volumes);
    expect(await maker.provider.plan(lab)).toEqual([]);
    const [volume] = cloud.cinder?.volumes.values() ?? [];
    expect(volume?.attachment?.serverId).toBe(cloud.server('lab-n-0').id);
  });

  test('is not taken from another that somebody gave it to', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const lab = labOf([nodeOf(0, { disks: [volumeOf({})] })]);
    const maker = platform.maker();
    await platform.maker('other').up({ ...labOf([nodeOf(5)]), name: 'other' });
    await maker.up(lab);
    await maker.openstack.compute.deleteServer(cloud.server('lab-n-0').id, ctx);
    const [volume] = cloud.cinder?.volumes.values() ?? [];
    const { id } = cloud.server('other-n-5');
    if (volume) cloud.cinder?.attach(volume, id, '/dev/vdb');
    await expect(platform.maker().up(lab)).rejects.toMatchObject({
      code: 'VOLUME_TAKEN',
      message: expect.stringContaining(id),
    });
    expect(volume?.attachment?.serverId).toBe(id);
  });

  test('goes although Cinder did not let Nova free it', async () => {
    await using platform = await ProviderPlatform.start();
    const { cloud } = platform;
    const before = cloud.snapshot();
    const maker = platform.maker();
    await maker.up(labOf([nodeOf(0, { disks: [volumeOf({})] })]));
    if (cloud.cinder) cloud.cinder.refusesNova = true;
    await maker.down();
    expect(cloud.snapshot()).toEqual(before);
    expect(cloud.requestsTo({ service: 'volumev3', method: 'DELETE' }).map(({ path }) => path)).toEqual([
      expect.stringMatching(/\/attachments\//),
      expect.stringMatching(/\/volumes\//),
    ]);
  });
});

describe('a lease', () => {
  const leased = (lease: number | undefined): LabSpec =>
    labOf([nodeOf(0)], { cloud: { routers: [], serverGroups: [], hosts: [], lease } });

  test('is written on all, found by anybody, prolonged by up once a tenth of it is over', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    const begun = platform.clock.now();
    await maker.up(leased(4 * hour));
    const [lab] = await labsIn(maker.openstack, ctx);
    expect(lab).toMatchObject({ name: 'lab', owner });
    expect(lab?.expires).toBeGreaterThanOrEqual(begun + 4 * hour - 1000);
    expect(await maker.provider.plan(leased(4 * hour))).toEqual([]);
    platform.clock.skip(hour);
    const [prolonged, ...others] = await maker.up(leased(4 * hour));
    expect(prolonged?.summary).toMatch(/^lease until 2/);
    expect(others).toEqual([]);
    const [later] = await labsIn(maker.openstack, ctx);
    expect(later?.expires).toBeGreaterThanOrEqual(begun + 5 * hour - 1000);
  });

  test('comes and goes with the lab file', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    await maker.up(leased(undefined));
    const [forEver] = await labsIn(maker.openstack, ctx);
    expect(forEver?.expires).toBeUndefined();
    await maker.up(leased(hour));
    const [until] = await labsIn(maker.openstack, ctx);
    expect(until?.expires).toBeDefined();
    await maker.up(leased(undefined));
    const [again] = await labsIn(maker.openstack, ctx);
    expect(again?.expires).toBeUndefined();
    expect(await maker.provider.plan(leased(undefined))).toEqual([]);
  });

  test('a lab that leaked is taken away by anybody, without its lab file', async () => {
    await using platform = await ProviderPlatform.start();
    const before = platform.cloud.snapshot();
    await platform.maker().up(leased(hour));
    const { openstack } = platform.maker('gc', 'aa03');
    const [lab] = await labsIn(openstack, ctx);
    if (!lab) throw new Error('the lab was not found');
    const { clock } = platform;
    // A disc that was in the drive of an instance that it adopted.
    const discs = new DiscImages({ openstack, lab: lab.name, owner: lab.owner, node: 'n9', log: silentLog });
    const file = import.meta.filename;
    expect(
      await discs.put({ url: 'http://h/a.iso', file, size: 1, writeProtected: true }, never),
    ).toBeDefined();
    await removeLab(lab, { openstack, clock, log: silentLog, signal: never, concurrency: 4 });
    expect(platform.cloud.snapshot()).toEqual(before);
  });
});

const host = { name: 'seed', image: 'empty', nics: [] };

function cloudOf(settings: Partial<CloudLabSettings>): CloudLabSettings {
  return { routers: [], serverGroups: [], hosts: [], ...settings };
}

function volumeOf(settings: Partial<CloudDiskSettings>): DiskSpec {
  return { name: 'root', size: 2 ** 30, cloud: { source: 'volume', ...settings } };
}

describe('what the cloud refuses', () => {
  test('a quota that does not suffice is said before anything is made', async () => {
    await using platform = await ProviderPlatform.start({ quota: { instances: 2, cores: 3 } });
    const nodes = [nodeOf(0), nodeOf(1), nodeOf(2)];
    await expect(platform.maker().provider.plan(labOf(nodes))).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      message:
        "the project's quota does not suffice: 3 instances needed, 2 of 2 left; 6 cores needed, 3 of 3 left",
    });
  });

  test('a node into no flavor: what it needs and what there is', async () => {
    await using platform = await ProviderPlatform.start();
    const huge = nodeOf(0, { memory: 2 ** 50 });
    await expect(platform.maker().provider.plan(labOf([huge]))).rejects.toMatchObject({
      code: 'NO_FITTING_FLAVOR',
      remedy: expect.stringContaining('bm.large (4 cpus, 16384 MiB, 40 + 100 GiB)'),
    });
  });

  test.each<[code: string, lab: LabSpec]>([
    ['ZONE_NOT_FOUND', labOf([nodeOf(0, { cloud: { availabilityZone: 'mars' } })])],
    ['VOLUME_TYPE_NOT_FOUND', labOf([nodeOf(0, { disks: [volumeOf({ volumeType: 'gold' })] })])],
    ['IMAGE_NOT_FOUND', labOf([nodeOf(0, { disks: [volumeOf({ image: 'nothing' })] })])],
    ['KEYPAIR_NOT_FOUND', labOf([], { cloud: cloudOf({ hosts: [{ ...host, keypair: 'theirs' }] }) })],
    [
      'SECURITY_GROUP_NOT_FOUND',
      labOf([], { cloud: cloudOf({ hosts: [{ ...host, securityGroups: ['x'] }] }) }),
    ],
    ['NETWORK_NOT_FOUND', labOf([], { cloud: cloudOf({ hosts: [{ ...host, floatingIp: 'moon' }] }) })],
    [
      'NETWORK_NOT_FOUND',
      labOf([], { cloud: cloudOf({ routers: [{ name: 'r', external: 'moon', networks: [] }] }) }),
    ],
  ])('%s before anything is made', async (code, lab) => {
    await using platform = await ProviderPlatform.start();
    const before = platform.cloud.snapshot();
    await expect(platform.maker().up(lab)).rejects.toMatchObject({ code, remedy: expect.anything() });
    expect(platform.cloud.snapshot()).toEqual(before);
  });

  test('a server that could not be built: Nova’s own reason; the next up makes it anew', async () => {
    await using platform = await ProviderPlatform.start();
    platform.cloud.failNextBuild();
    const lab = labOf([nodeOf(0)]);
    await expect(platform.maker().up(lab)).rejects.toMatchObject({
      code: 'SERVER_FAILED',
      message: expect.stringContaining('No valid host was found'),
    });
    await platform.maker().up(lab);
    expect(platform.cloud.server('lab-n-0').vmState).toBe('stopped');
    expect(platform.cloud.snapshot().servers).toHaveLength(1);
  });

  test('a locked server says so, and goes when it is unlocked', async () => {
    await using platform = await ProviderPlatform.start();
    const before = platform.cloud.snapshot();
    const maker = platform.maker();
    await maker.up(labOf([nodeOf(0)]));
    platform.cloud.lock('lab-n-0');
    await expect(maker.down()).rejects.toMatchObject({ code: 'SERVER_LOCKED' });
    platform.cloud.lock('lab-n-0', false);
    await maker.down();
    expect(platform.cloud.snapshot()).toEqual(before);
  });

  test('a network with a stranger’s port names it', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    await maker.up(labOf([]));
    const [network = ''] = platform.cloud.snapshot().networks ?? [];
    const once = { find: async () => undefined };
    await maker.openstack.network.ports.create({ network_id: network, name: 'theirs' }, once, ctx);
    await expect(maker.down()).rejects.toMatchObject({
      code: 'NETWORK_IN_USE',
      message: expect.stringContaining('theirs (unused)'),
    });
  });

  test('an existing network that is not there, or not the only one', async () => {
    await using platform = await ProviderPlatform.start();
    const maker = platform.maker();
    const using = labOf([nodeOf(0)], {
      networks: [{ name: 'provision', cidr: '192.168.24.0/24', dhcp: false, cloud: { existing: 'theirs' } }],
    });
    await expect(maker.provider.plan(using)).rejects.toMatchObject({ code: 'NETWORK_NOT_FOUND' });
    const once = { find: async () => undefined };
    const { networks, subnets } = maker.openstack.network;
    const made = await networks.create({ name: 'theirs', port_security_enabled: true }, once, ctx);
    await subnets.create({ network_id: made.id, ip_version: 4, cidr: '192.168.24.0/24' }, once, ctx);
    const before = platform.cloud.snapshot();
    await maker.up(using);
    const [port] = await maker.openstack.network.ports.list({ network_id: made.id }, ctx);
    expect(port).toMatchObject({ port_security_enabled: false, mac_address: '20:57:f8:00:00:00' });
    await maker.down();
    expect(platform.cloud.snapshot()).toEqual(before);
    await networks.create({ name: 'theirs' }, once, ctx);
    await expect(maker.provider.plan(using)).rejects.toMatchObject({ code: 'NETWORK_AMBIGUOUS' });
  });
});
