import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { password } from '../lab/host.ts';
import { bootableDisc } from '../qemu/disc.ts';
import { RedfishClient } from '../redfish/client.ts';
import { bootedSector, bootSector } from './boot-sector.ts';
import { hasQemuHost } from './cloud.ts';
import { CloudLab } from './cloud-lab.ts';
import { type Plug, plugIn } from './plug.ts';
import { domainOf, type Power, PowerTruth } from './power-truth.ts';
import { contentOf, differences, type ProjectContent } from './project.ts';
import { PxeServer } from './pxe-server.ts';
import { consoleOf, type Made, type MadeServer, makeImage, makeNetwork, makeServer } from './resources.ts';

/** Real guests on a cloud by Redfish alone: power, boot overrides and discs. */

const diskWord = 'BOOTED-FROM-DISK';
const discWord = 'BOOTED-FROM-DISC';
const script = '#!ipxe\necho BOOTED-FROM-NETWORK\nsleep 3600\n';
const prefix = '192.168.76';
const system = '/redfish/v1/Systems/n0';
const drive = '/redfish/v1/Managers/n0/VirtualMedia/Cd';

interface System {
  readonly PowerState: string;
  readonly Boot: Readonly<Record<string, unknown>>;
  readonly ProcessorSummary: Readonly<Record<string, unknown>>;
  readonly MemorySummary: Readonly<Record<string, unknown>>;
}

/** A disc on an HTTP server of this machine. */
interface DiscServer extends AsyncDisposable {
  readonly url: string;
}

/** A node of a lab as a client of its Redfish service has it, and what really becomes of it. */
class RedfishNode implements AsyncDisposable {
  readonly #lab: CloudLab;
  readonly #client: RedfishClient;
  readonly #pxe: PxeServer;
  readonly #server: string;
  readonly #mac: string;

  private constructor(
    lab: CloudLab,
    client: RedfishClient,
    machine: { readonly server: string; readonly mac: string; readonly pxe: PxeServer },
  ) {
    this.#lab = lab;
    this.#client = client;
    this.#pxe = machine.pxe;
    this.#server = machine.server;
    this.#mac = machine.mac;
  }

  static async connect(
    lab: CloudLab,
    machine: { readonly server: string; readonly mac: string; readonly pxe: PxeServer },
  ): Promise<RedfishNode> {
    const status = await lab.host.status(lab.name);
    const client = new RedfishClient({
      origin: new URL(status.nodes[0]?.bmc.redfish?.url ?? '').origin,
      certificate: status.redfish?.certificate ?? '',
      user: 'admin',
      password,
    });
    return new RedfishNode(lab, client, machine);
  }

  get<T = Readonly<Record<string, unknown>>>(path: string): Promise<T> {
    return this.#client.get<T>(path);
  }

  read(): Promise<System> {
    return this.get<System>(system);
  }

  /** The first of a collection of the system's. */
  async first(collection: string): Promise<Readonly<Record<string, unknown>>> {
    const { Members } = await this.get<{ Members: readonly { '@odata.id': string }[] }>(
      `${system}/${collection}`,
    );
    return this.get(Members[0]?.['@odata.id'] ?? '');
  }

  override(target: string, enabled: 'Once' | 'Continuous' | 'Disabled'): Promise<void> {
    const Boot = { BootSourceOverrideTarget: target, BootSourceOverrideEnabled: enabled };
    return this.#client.done('PATCH', system, { Boot });
  }

  /** Has the machine powered on, off or anew, and waits until that is done. */
  async reset(type: 'On' | 'ForceOff' | 'ForceRestart'): Promise<void> {
    await this.#client.done('POST', `${system}/Actions/ComputerSystem.Reset`, { ResetType: type });
    const look = async () => {
      const { operation, lastResult } = (await this.#lab.host.status(this.#lab.name)).nodes[0] ?? {};
      return operation ? undefined : { ended: lastResult?.outcome };
    };
    const rested = await poll(systemClock, { every: 500, within: 240_000 }, look);
    expect(rested).toEqual({ ended: 'done' });
  }

  insert(url: string): Promise<void> {
    return this.#client.done('POST', `${drive}/Actions/VirtualMedia.InsertMedia`, { Image: url });
  }

  eject(): Promise<void> {
    return this.#client.done('POST', `${drive}/Actions/VirtualMedia.EjectMedia`, {});
  }

  /** Waits until the power state is that. */
  async untilPower(power: Power): Promise<void> {
    const read = async () => (await this.read()).PowerState.toLowerCase();
    await expect.poll(read, { timeout: 15_000 }).toBe(power);
  }

  /** Waits until what the machine has booted since it was last started says that. */
  async says(word: string): Promise<void> {
    const look = async () => (await consoleOf(this.#lab.tenant, this.#server)).includes(word) || undefined;
    if (await poll(systemClock, { every: 500, within: 90_000 }, look)) return;
    throw new Error(`it does not say ${word}: ${await consoleOf(this.#lab.tenant, this.#server)}`);
  }

  /** Does something, and waits until the PXE server has given the machine an address since. */
  async bootsFromNetwork(act: () => Promise<unknown>): Promise<void> {
    const had = await this.#pxe.count('DHCPACK', this.#mac);
    await act();
    const look = async () => (await this.#pxe.count('DHCPACK', this.#mac)) > had || undefined;
    if (await poll(systemClock, { every: 500, within: 120_000 }, look)) return;
    throw new Error(`it did not boot from the network: ${await this.#pxe.log()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

async function serveDisc(): Promise<DiscServer> {
  const disc = bootableDisc('bios', bootSector(discWord));
  const server = createServer((_, response) => response.end(disc));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/disc.iso`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** What of a lab the tests of both kinds of nodes need, and take away. */
const redfish = 'redfish: { destinations: [127.0.0.1] }\n';

describe.skipIf(!hasQemuHost)('by Redfish alone, a node that the lab made', () => {
  let disc: DiscServer;
  let image: Made;
  let lab: CloudLab;
  let before: ProjectContent;
  let truth: PowerTruth;
  let leg: Plug;
  let pxe: PxeServer;
  let node: RedfishNode;
  let domain: string;

  beforeAll(async () => {
    disc = await serveDisc();
    image = await makeImage('q5o-redfish', bootSector(diskWord));
    lab = await CloudLab.create('redfish', 26_560);
    before = await contentOf(lab.tenant);
    truth = await PowerTruth.watch();
    await lab.up(
      await lab.file(`${redfish}networks: { provision: { cidr: ${prefix}.0/24, interface: q5o-prov2 } }
nodes:
  - name: n0
    memory: 512MiB
    availabilityZone: qemu
    disks: [{ name: root, size: 1GiB, source: volume, image: ${image.id} }]
    nics: [provision]
`),
    );
    const network = await lab.network('provision');
    leg = await plugIn({ network, link: 'q5o-prov2' });
    pxe = await PxeServer.start({ network, prefix, script, name: 'q5o-redfish' });
    const server = await lab.server('n0');
    domain = server.domain;
    node = await RedfishNode.connect(lab, { server: server.id, mac: await lab.mac('n0'), pxe });
  });

  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await pxe?.[Symbol.asyncDispose]();
    await leg?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
    await truth?.[Symbol.asyncDispose]();
    await image?.[Symbol.asyncDispose]();
    await disc?.[Symbol.asyncDispose]();
  });

  test('has the processors and the memory of its flavor', async () => {
    const { ProcessorSummary, MemorySummary } = await node.read();
    expect(ProcessorSummary).toMatchObject({ Count: 1 });
    expect(MemorySummary).toMatchObject({ TotalSystemMemoryGiB: 0.5 });
    expect(await node.first('Processors')).toMatchObject({ ProcessorType: 'CPU' });
    expect(await node.first('Memory')).toMatchObject({ CapacityMiB: 512 });
  });

  test('is powered on and off', async () => {
    expect((await node.read()).PowerState).toBe('Off');
    await node.reset('On');
    expect(truth.now(domain)).toBe('on');
    await node.untilPower('on');
    await node.says(diskWord);
    await node.reset('ForceOff');
    expect(truth.now(domain)).toBe('off');
    await node.untilPower('off');
  });

  test('boots from the network once, then from its disk', async () => {
    await node.override('Pxe', 'Once');
    await node.bootsFromNetwork(() => node.reset('On'));
    const used = async () => (await node.read()).Boot;
    await expect.poll(used, { timeout: 15_000 }).toMatchObject({ BootSourceOverrideEnabled: 'Disabled' });
    await node.reset('ForceRestart');
    await node.says(diskWord);
  });

  test('boots from the network until told otherwise', async () => {
    await node.override('Pxe', 'Continuous');
    await node.bootsFromNetwork(() => node.reset('ForceRestart'));
    await node.bootsFromNetwork(() => node.reset('ForceRestart'));
    expect((await node.read()).Boot).toMatchObject({
      BootSourceOverrideTarget: 'Pxe',
      BootSourceOverrideEnabled: 'Continuous',
    });
    await node.override('None', 'Disabled');
    await node.reset('ForceRestart');
    await node.says(diskWord);
  });

  test('boots from a disc that was inserted while it ran, once, and then from its disk', async () => {
    await node.insert(disc.url);
    expect(await node.get(drive)).toMatchObject({ Inserted: true, Image: disc.url });
    await node.override('Cd', 'Once');
    await node.reset('ForceRestart');
    await node.says(discWord);
    await node.reset('ForceRestart');
    await node.says(diskWord);
    await node.eject();
    expect(await node.get(drive)).toMatchObject({ Inserted: false, Image: null });
  });

  test('is gone without a trace', async () => {
    await pxe[Symbol.asyncDispose]();
    await leg[Symbol.asyncDispose]();
    expect(await lab.down()).toMatchObject({ status: 0 });
    expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
  });
});

describe.skipIf(!hasQemuHost)('by Redfish alone, an instance that was adopted', () => {
  let disc: DiscServer;
  let image: Made;
  let network: Made;
  let server: MadeServer;
  let lab: CloudLab;
  let before: ProjectContent;
  let pxe: PxeServer;
  let node: RedfishNode;
  let domain: string;

  beforeAll(async () => {
    disc = await serveDisc();
    lab = await CloudLab.create('redfish-adopted', 26_570);
    image = await makeImage('q5o-redfish', bootSector(diskWord));
    network = await makeNetwork('q5o-redfish', `${prefix}.0/24`);
    server = await makeServer({ name: 'adopted', image: image.id, network: network.id, zone: 'qemu' });
    pxe = await PxeServer.start({ network: network.id, prefix, script, name: 'q5o-rf-adopt' });
    const [port] = await lab.tenant.list('network', `/ports?device_id=${server.id}`, 'ports');
    const mac = String(port?.mac_address);
    before = await contentOf(lab.tenant);
    await lab.host.done('image', 'upload', '--kind', 'rescue');
    await lab.up(
      await lab.file(`${redfish}networks: { lan: { existing: ${network.id}, cidr: ${prefix}.0/24 } }
nodes:
  - { name: n0, server: ${server.id}, boot: rescue, memory: 128MiB, disks: [1GiB], nics: [{ network: lan, mac: '${mac}' }] }
`),
    );
    domain = await domainOf(server.id);
    node = await RedfishNode.connect(lab, { server: server.id, mac, pxe });
  });

  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await pxe?.[Symbol.asyncDispose]();
    await lab?.down();
    await server?.[Symbol.asyncDispose]();
    await lab?.host.cli('image', 'prune');
    await lab?.[Symbol.asyncDispose]();
    await network?.[Symbol.asyncDispose]();
    await image?.[Symbol.asyncDispose]();
    await disc?.[Symbol.asyncDispose]();
  });

  test('has the processors and the memory of its flavor', async () => {
    expect((await node.read()).ProcessorSummary).toMatchObject({ Count: 1 });
    expect(await node.first('Memory')).toMatchObject({ CapacityMiB: 128 });
  });

  test('boots from a disc, which is an image of the project, then from the network and from its disk', async () => {
    await node.insert(disc.url);
    await node.override('Cd', 'Once');
    await node.reset('ForceRestart');
    // Nova gives a machine in rescue mode no serial port.
    await expect.poll(() => bootedSector(domain), { timeout: 60_000 }).toContain(discWord);
    await node.override('Pxe', 'Once');
    await node.bootsFromNetwork(() => node.reset('ForceRestart'));
    await node.reset('ForceRestart');
    await node.says(diskWord);
    await node.eject();
    expect(await node.get(drive)).toMatchObject({ Inserted: false, Image: null });
  });

  test('is left as it was', async () => {
    expect(await lab.down()).toMatchObject({ status: 0 });
    await lab.host.done('image', 'prune');
    expect(differences(before, await contentOf(lab.tenant))).toEqual([]);
  });
});
