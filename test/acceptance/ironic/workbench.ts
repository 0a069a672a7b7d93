import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { DeployFiles } from '../../../src/boot/deploy-files.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { Host } from '../lab/host.ts';
import { serveFiles } from './file-server.ts';
import { Ironic } from './ironic.ts';
import { httpPort } from './ironic-conf.ts';
import { serveDhcp } from './provisioning-network.ts';

const run = promisify(execFile);

/** Where scripts/test-ironic keeps things, and what it has made there before the tests. */
export const home = process.env.QUINTUPLEO_IRONIC ?? '/tmp/quintupleo-ironic';
const cache = join(home, 'cache');

/** This machine on the provisioning network. */
export const address = '198.18.7.1';
const cidr = '198.18.7.0/24';

/** What nodes are deployed with, and the same for UEFI machines with a GUID partition table, which the agent wants there. */
export const { image, uefiImage } = made();

function made(): { readonly image: DeployFiles; readonly uefiImage: DeployFiles['image'] } {
  const { uefi, ...image } = JSON.parse(readFileSync(join(cache, 'image.json'), 'utf8'));
  return { image, uefiImage: uefi };
}

/** Where the images are served. */
export const filesUrl = `http://${address}:${httpPort}`;

/** The ramdisk with the agent, as `driver_info` names it. */
export const agent = {
  kernel: `file://${join(cache, 'ramdisk', 'ipa.kernel')}`,
  ramdisk: `file://${join(cache, 'ramdisk', 'ipa.initramfs')}`,
} as const;

/** How machines run: by software emulation, which is everywhere, unless `QUINTUPLEO_IRONIC_ACCEL` says otherwise. */
const accel = process.env.QUINTUPLEO_IRONIC_ACCEL ?? 'tcg';

/** Of every BMC's administrator. */
export const password = 'only-a-test';

/** A lab whose provisioning network is left to Ironic. */
export const lab = 'ironic';
const labFile = `lab: ${lab}
driver: { name: qemu, accel: ${accel}, networking: bridge }
networks:
  provisioning: { cidr: ${cidr}, dhcp: false }
nodes:
  - { name: legacy, memory: 1GiB, disks: [4GiB] }
  - { name: media, memory: 1GiB, disks: [4GiB] }
  - { name: uefi, memory: 1GiB, disks: [4GiB], firmware: uefi }
bmc:
  password: ${password}
  ipmi: { address: 127.0.1.1-127.0.1.9 }
redfish:
  destinations: [${address}]
`;

/** A lab, and an Ironic beside it with its DHCP, TFTP and HTTP servers, in this network namespace. */
export class Workbench implements AsyncDisposable {
  /** Logs are in it; it stays for who looks into a failure. */
  readonly folder: string;
  readonly host: Host;
  readonly ironic: Ironic;
  /** What takes it away, in the order it was made. */
  readonly #made: readonly AsyncDisposable[];

  private constructor(folder: string, host: Host, ironic: Ironic, made: readonly AsyncDisposable[]) {
    this.folder = folder;
    this.host = host;
    this.ironic = ironic;
    this.#made = made;
  }

  static async set(): Promise<Workbench> {
    const folder = await mkdtemp(join(home, 'run-'));
    const made: AsyncDisposable[] = [];
    try {
      const host = await Host.create();
      made.push(host);
      await host.done('up', await host.file(lab, labFile));
      const served = [join(folder, 'http'), dirname(image.image.path), dirname(uefiImage.path)];
      made.push(await serveFiles(served, address, httpPort));
      made.push(await serveDhcp({ folder, bridge: await interfaceOf(address), address, httpPort }));
      const ironic = await Ironic.start({ folder, files: cache, address, powerSync: 20, forcePower: true });
      made.push(ironic);
      return new Workbench(folder, host, ironic, made);
    } catch (error) {
      await takeAway(made);
      throw error;
    }
  }

  /** Enrols nodes with what `quintupleo export` writes, by Ironic's own client. */
  async enrol(nodes: readonly string[], ...options: readonly string[]): Promise<void> {
    const file = join(this.folder, `${nodes.join('-')}.yaml`);
    await this.host.done(
      ...['export', 'ironic', lab, '--output', file, ...nodes.flatMap(node => ['--node', node])],
      ...[
        '--driver-info',
        `deploy_kernel=${agent.kernel}`,
        '--driver-info',
        `deploy_ramdisk=${agent.ramdisk}`,
      ],
      ...options,
    );
    await this.ironic.client('create', file);
  }

  /** Waits until a node says something on its console since it was last powered on. */
  async says(node: string, text: string, bound = 300_000): Promise<void> {
    let console = '';
    const said = await poll(systemClock, { every: 1000, within: bound }, async () => {
      console = await this.host.done('console', `${lab}/${node}`, '--log');
      return console.includes(text) ? true : undefined;
    });
    if (!said) throw new Error(`${node} has not said "${text}" on its console:\n${console.slice(-3000)}`);
  }

  /** A node's power as the lab has seen it. */
  async power(node: string): Promise<string> {
    return (await this.host.node(lab, node)).power;
  }

  /** The first sector of a node's first disk. */
  async diskBegins(node: string): Promise<Buffer> {
    const sector = join(this.folder, `${node}-sector`);
    const disk = this.host.diskOf(lab, node);
    await run('qemu-img', ['dd', '-O', 'raw', 'bs=512', 'count=1', `if=${disk}`, `of=${sector}`]);
    return readFile(sector);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await takeAway(this.#made);
  }
}

async function takeAway(made: readonly AsyncDisposable[]): Promise<void> {
  for (const part of made.toReversed()) await part[Symbol.asyncDispose]();
}

/** The interface of this machine that has the address: the lab's bridge, which has no carrier while all nodes are off. */
async function interfaceOf(wanted: string): Promise<string> {
  const { stdout } = await run('ip', ['-json', '-4', 'address', 'show', 'to', wanted]);
  const [found] = JSON.parse(stdout) as readonly { readonly ifname?: string }[];
  if (found?.ifname === undefined) throw new Error(`no interface of this machine has the address ${wanted}`);
  return found.ifname;
}
