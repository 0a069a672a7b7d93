import { mkdtemp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import type { Host } from '../lab/host.ts';
import { Disk } from './disk.ts';
import { serveFiles } from './file-server.ts';
import { agent, boot, image } from './images.ts';
import { startInspector } from './inspector.ts';
import { Ironic } from './ironic.ts';
import { httpPort } from './ironic-conf.ts';
import { type BringUp, localLab } from './local-lab.ts';
import { address, cache, home, lab } from './places.ts';
import { serveDhcp } from './provisioning-network.ts';

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

  static async set(bringUp: BringUp = localLab): Promise<Workbench> {
    const folder = await mkdtemp(join(home, 'run-'));
    const made: AsyncDisposable[] = [];
    try {
      const { host, link } = await bringUp(made);
      const served = [join(folder, 'http'), dirname(image.image.path), cache];
      made.push(await serveFiles(served, address, httpPort));
      made.push(await serveDhcp({ folder, link, address, httpPort }));
      const ironic = await Ironic.start({ folder, files: cache, address, powerSync: 20, forcePower: true });
      made.push(ironic);
      made.push(await startInspector(folder, address));
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
  async says(node: string, text: string, bound = boot): Promise<void> {
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

  /** What is on a node's first disk. */
  disk(node: string): Promise<Disk> {
    return Disk.read(this.host.diskOf(lab, node), this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await takeAway(this.#made);
  }
}

async function takeAway(made: readonly AsyncDisposable[]): Promise<void> {
  for (const part of made.toReversed()) await part[Symbol.asyncDispose]();
}
