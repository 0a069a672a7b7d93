import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { bootSector } from './boot-sector.ts';
import { hasQemuHost, killDaemon, startDaemon } from './cloud.ts';
import { CloudLab } from './cloud-lab.ts';
import { PowerTruth } from './power-truth.ts';
import { contentOf, differences, type ProjectContent } from './project.ts';
import { PxeServer } from './pxe-server.ts';
import { consoleOf, type Made, type MadeServer, makeImage, makeNetwork, makeServer } from './resources.ts';

/** Nodes on real guests that no boot director tells what to boot. */

const diskWord = 'BOOTED-FROM-DISK';
const script = '#!ipxe\necho BOOTED-FROM-NETWORK\nsleep 3600\n';
const prefix = '192.168.79';

/** Does something, and waits until a PXE server has given a machine an address since. */
async function bootsFromNetwork(pxe: PxeServer, mac: string, act: () => Promise<unknown>): Promise<void> {
  const had = await pxe.count('DHCPACK', mac);
  await act();
  const look = async () => (await pxe.count('DHCPACK', mac)) > had || undefined;
  if (await poll(systemClock, { every: 500, within: 120_000 }, look)) return;
  throw new Error(`${mac} did not boot from the network: ${await pxe.log()}`);
}

/** Waits until a server has booted its disk since it was last started. */
async function bootsFromDisk(lab: CloudLab, server: string): Promise<void> {
  const look = async () => (await consoleOf(lab.tenant, server)).includes(diskWord) || undefined;
  if (await poll(systemClock, { every: 500, within: 90_000 }, look)) return;
  throw new Error(`it did not boot from its disk: ${await consoleOf(lab.tenant, server)}`);
}

/** Waits until nothing is under way with a lab's first node. @returns how its last command ended */
async function rests(lab: CloudLab): Promise<string | undefined> {
  const look = async () => {
    const { operation, lastResult } = (await lab.host.status(lab.name)).nodes[0] ?? {};
    return operation ? undefined : { ended: lastResult?.outcome };
  };
  return (await poll(systemClock, { every: 1_000, within: 240_000 }, look))?.ended;
}

describe.skipIf(!hasQemuHost)('a node that a lab makes', () => {
  let image: Made;
  let lab: CloudLab;
  let truth: PowerTruth;

  beforeAll(async () => {
    truth = await PowerTruth.watch();
    image = await makeImage('q5o-strategies', bootSector(diskWord));
    lab = await CloudLab.create('strategies', 26_540);
  });

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    await image?.[Symbol.asyncDispose]();
    await truth?.[Symbol.asyncDispose]();
  });

  /** Makes the lab with one node. @returns what belongs to it */
  async function make(node: string) {
    await lab.up(
      await lab.file(`networks: { provision: { cidr: ${prefix}.0/24 } }
nodes: [{ name: n0, memory: 128MiB, availabilityZone: qemu, nics: [provision], ${node} }]
`),
    );
    const network = await lab.network('provision');
    const pxe = await PxeServer.start({ network, prefix, script, name: 'q5o-strat' });
    return { ...(await lab.server('n0')), mac: await lab.mac('n0'), pxe };
  }

  test('as an iPXE disk boots from the network until something else is on the disk', async () => {
    const before = await contentOf(lab.tenant);
    {
      const { pxe, mac } = await make('boot: ipxe-disk, disks: [1GiB]');
      await using _pxe = pxe;
      await bootsFromNetwork(pxe, mac, () => lab.ipmi(0, 'chassis', 'power', 'on'));
      await bootsFromNetwork(pxe, mac, () => lab.ipmi(0, 'chassis', 'power', 'reset'));
    }
    expect(await lab.down()).toMatchObject({ status: 0 });
    const left = differences(before, await contentOf(lab.tenant));
    // What nodes may be rebuilt to stays until `image prune`.
    expect(left.every(line => line.startsWith('image '))).toBe(true);
    await lab.host.done('image', 'prune');
    expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
  });

  test('on a Nova that honours libvirt:pxe-first boots from the network, and from its disk again', async () => {
    await killDaemon('nova-compute-qemu');
    await startDaemon('nova-compute-pxe-first');
    try {
      const disk = `disks: [{ name: root, size: 1GiB, source: volume, image: ${image.id} }]`;
      {
        const { pxe, mac, id, domain } = await make(`boot: pxe-first, ${disk}`);
        await using _pxe = pxe;
        await lab.ipmi(0, 'chassis', 'bootdev', 'pxe', 'options=persistent');
        await bootsFromNetwork(pxe, mac, () => lab.ipmi(0, 'chassis', 'power', 'on'));
        await bootsFromNetwork(pxe, mac, () => lab.ipmi(0, 'chassis', 'power', 'reset'));
        await lab.ipmi(0, 'chassis', 'bootdev', 'disk');
        await lab.ipmi(0, 'chassis', 'power', 'reset');
        await bootsFromDisk(lab, id);
        await lab.ipmi(0, 'chassis', 'power', 'off');
        await truth.until(domain, 'off', 90_000);
      }
      expect(await lab.down()).toMatchObject({ status: 0 });
    } finally {
      await killDaemon('nova-compute-pxe-first');
      await startDaemon('nova-compute-qemu');
    }
  });
});

describe.skipIf(!hasQemuHost)('an instance that was adopted', () => {
  let before: ProjectContent;
  let image: Made;
  let network: Made;
  let server: MadeServer;
  let lab: CloudLab;
  let pxe: PxeServer;
  let mac: string;

  beforeAll(async () => {
    lab = await CloudLab.create('adopted', 26_550);
    image = await makeImage('q5o-adopted', bootSector(diskWord));
    network = await makeNetwork('q5o-adopted', `${prefix}.0/24`);
    server = await makeServer({ name: 'adopted', image: image.id, network: network.id, zone: 'qemu' });
    pxe = await PxeServer.start({ network: network.id, prefix, script, name: 'q5o-adopt' });
    const [port] = await lab.tenant.list('network', `/ports?device_id=${server.id}`, 'ports');
    mac = String(port?.mac_address);
    before = await contentOf(lab.tenant);
  });

  afterAll(async () => {
    await pxe?.[Symbol.asyncDispose]();
    await lab?.down();
    await server?.[Symbol.asyncDispose]();
    await lab?.host.cli('image', 'prune');
    await lab?.[Symbol.asyncDispose]();
    await network?.[Symbol.asyncDispose]();
    await image?.[Symbol.asyncDispose]();
  });

  async function adopt(boot: string): Promise<void> {
    const node = `{ name: n0, server: ${server.id}, boot: ${boot}, memory: 128MiB, disks: [1GiB], nics: [{ network: lan, mac: '${mac}' }] }`;
    await lab.up(
      await lab.file(
        `networks: { lan: { existing: ${network.id}, cidr: ${prefix}.0/24 } }\nnodes: [${node}]\n`,
      ),
    );
  }

  test('boots from the network by rescue mode, stays there when reset, and goes back to its disk', async () => {
    await lab.host.done('image', 'upload', '--kind', 'rescue');
    await adopt('rescue');
    await lab.ipmi(0, 'chassis', 'bootdev', 'pxe', 'options=persistent');
    await bootsFromNetwork(pxe, mac, () => lab.ipmi(0, 'chassis', 'power', 'reset'));
    expect(await rests(lab)).toBe('done');
    await bootsFromNetwork(pxe, mac, () => lab.ipmi(0, 'chassis', 'power', 'reset'));
    expect(await rests(lab)).toBe('done');
    await lab.ipmi(0, 'chassis', 'bootdev', 'disk', 'options=persistent');
    await lab.ipmi(0, 'chassis', 'power', 'reset');
    expect(await rests(lab)).toBe('done');
    await bootsFromDisk(lab, server.id);
    expect(await lab.down()).toMatchObject({ status: 0 });
    await lab.host.done('image', 'prune');
    expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
  });

  test('is rebuilt to an iPXE disk where its tag allows it, and boots from the network', async () => {
    await lab.tenant.call('compute', 'PUT', `/servers/${server.id}/tags/quintupleo:may-rebuild`);
    await lab.host.done('image', 'upload', '--kind', 'disk');
    await adopt('ipxe-disk');
    await lab.ipmi(0, 'chassis', 'power', 'off');
    expect(await rests(lab)).toBe('done');
    await lab.ipmi(0, 'chassis', 'bootdev', 'pxe');
    await bootsFromNetwork(pxe, mac, () => lab.ipmi(0, 'chassis', 'power', 'on'));
    expect(await rests(lab)).toBe('done');
    await lab.ipmi(0, 'chassis', 'bootdev', 'pxe');
    await bootsFromNetwork(pxe, mac, () => lab.ipmi(0, 'chassis', 'power', 'reset'));
    expect(await rests(lab)).toBe('done');
  });
});
