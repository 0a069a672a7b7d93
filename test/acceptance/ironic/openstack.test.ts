import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Host } from '../lab/host.ts';
import { Api } from '../openstack/api.ts';
import { cloudEnvironment, cloudFolder } from '../openstack/cloud.ts';
import { plugIn } from '../openstack/plug.ts';
import { unexpected } from './complaints.ts';
import { boot, deployed, image, instanceOf } from './images.ts';
import type { Site } from './local-lab.ts';
import { address, cidr, lab, password } from './places.ts';
import { Workbench } from './workbench.ts';

/**
 * Ironic deploys an instance of a cloud as it deploys a server. With `npm run test:ironic -- openstack`, which brings the
 * cloud up: Nova, Neutron and Glance are real, and so is the instance.
 */

const link = 'q5o-ironic0';
/** On each of two busy processors, both the cloud and an emulated machine. */
const slowBoot = 2 * boot;

const labFile = `lab: ${lab}
driver: openstack
networks:
  provisioning: { cidr: ${cidr}, interface: ${link} }
nodes:
  - { name: instance, memory: 1GiB, disks: [4GiB], nics: [provisioning], availabilityZone: qemu }
bmc:
  password: ${password}
  ipmi: { address: 127.0.1.1 }
`;

describe.skipIf(process.env.QUINTUPLEO_IRONIC_ON !== 'openstack')('an instance of a cloud', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await Workbench.set(cloudLab);
  });

  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  test('is deployed by hardware type ipmi', { timeout: 2 * slowBoot }, async () => {
    const { ironic } = bench;
    await bench.enrol(['instance'], '--interface', 'boot=ipxe');
    await ironic.provision('instance', 'manage', 'manageable');
    await ironic.provision('instance', 'provide', 'available');
    await ironic.api.set('instance', { instance_info: instanceOf(image.image, 'whole-disk') });
    await ironic.provision('instance', 'active', 'active', { bound: slowBoot });
    await bench.says('instance', deployed);
    expect(await bench.power('instance')).toBe('on');
    await ironic.provision('instance', 'deleted', 'available', { bound: boot });
    expect(await bench.power('instance')).toBe('off');
    await ironic.api.call('DELETE', '/nodes/instance');
  });

  test('is deployed by hardware type redfish, and cleaned', { timeout: 3 * slowBoot }, async () => {
    const { ironic } = bench;
    await bench.enrol(['instance'], '--driver', 'redfish', '--interface', 'boot=ipxe');
    await ironic.provision('instance', 'manage', 'manageable');
    await ironic.provision('instance', 'provide', 'available');
    await ironic.api.set('instance', { instance_info: instanceOf(image.image, 'whole-disk') });
    await ironic.provision('instance', 'active', 'active', { bound: slowBoot });
    await bench.says('instance', deployed);
    await ironic.api.set('instance', { automated_clean: true });
    await ironic.provision('instance', 'deleted', 'available', { bound: slowBoot });
    expect(await bench.power('instance')).toBe('off');
  });

  test('Ironic has complained of nothing but what these tests have done', async () => {
    expect(await unexpected(bench.ironic)).toEqual([]);
  });
});

/** The lab with an instance of the tests' cloud; this machine has a port on its network. */
async function cloudLab(made: AsyncDisposable[]): Promise<Site> {
  const cache = { QUINTUPLEO_CACHE_DIR: join(cloudFolder, 'cache') };
  const host = await Host.create({ ...cloudEnvironment('quintupleo'), ...cache });
  made.push(host);
  await host.done('up', await host.file(lab, labFile));
  const tenant = await Api.connect('quintupleo');
  const tags = `quintupleo:lab=${lab},quintupleo:name=provisioning`;
  const [network] = await tenant.list('network', `/networks?tags=${tags}`, 'networks');
  made.push(await plugIn({ network: String(network?.id), link, address: `${address}/24` }));
  return { host, link };
}
