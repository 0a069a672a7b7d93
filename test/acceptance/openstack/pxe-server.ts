import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { createNamespace } from './namespace.ts';
import { plugIn } from './plug.ts';

/** A /24 network's first three numbers, and what iPXE is to do. */
export interface PxeServerOptions {
  /** ID of the tenant's network. */
  readonly network: string;
  /** For example `192.0.2`: the server is at .120, machines get .130 to .250: Neutron gives away others first. */
  readonly prefix: string;
  /** An iPXE script. */
  readonly script: string;
  /** Name of the namespace and, with another ending, of the interface. At most 12 characters. */
  readonly name: string;
  /** IDs of the security groups of the server's port; `undefined`: port security is off. */
  readonly securityGroups?: readonly string[] | undefined;
}

/** Somebody else's PXE server on a tenant's network: dnsmasq with DHCP and TFTP in a namespace of its own. */
export class PxeServer implements AsyncDisposable {
  readonly #folder: string;
  /** What takes it away, in the order it was made. */
  readonly #made: (() => PromiseLike<void>)[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
    this.#made.push(() => rm(folder, { recursive: true }));
  }

  static async start(options: PxeServerOptions): Promise<PxeServer> {
    const server = new PxeServer(await mkdtemp(join(tmpdir(), 'q5o-pxe-')));
    try {
      await server.#start(options);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start({ network, prefix, script, name, securityGroups }: PxeServerOptions): Promise<void> {
    const folder = this.#folder;
    await writeFile(join(folder, 'boot.ipxe'), script);
    for (const file of ['undionly.kpxe', 'ipxe.efi'])
      await copyFile(`/usr/lib/ipxe/${file}`, join(folder, file));
    const namespace = await createNamespace(name);
    this.#made.push(() => namespace[Symbol.asyncDispose]());
    const link = `${name}-0`;
    const address = `${prefix}.120/24`;
    const plug = await plugIn({ network, link, namespace: name, address, securityGroups });
    this.#made.push(() => plug[Symbol.asyncDispose]());
    const dnsmasq = spawn(
      'ip',
      [
        ...['netns', 'exec', name, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null'],
        ...['--user=root', '--port=0', `--interface=${link}`, '--bind-interfaces'],
        ...['--log-dhcp', `--log-facility=${join(folder, 'log')}`, '--pid-file='],
        ...['--dhcp-authoritative', `--dhcp-leasefile=${join(folder, 'leases')}`],
        `--dhcp-range=${prefix}.130,${prefix}.250,255.255.255.0,1h`,
        ...['--dhcp-userclass=set:ipxe,iPXE', '--dhcp-match=set:efi,option:client-arch,7'],
        ...['--dhcp-boot=tag:ipxe,boot.ipxe', '--dhcp-boot=tag:!ipxe,tag:efi,ipxe.efi'],
        '--dhcp-boot=tag:!ipxe,tag:!efi,undionly.kpxe',
        ...['--enable-tftp', `--tftp-root=${folder}`],
      ],
      { stdio: 'ignore' },
    );
    this.#made.push(() => ended(dnsmasq));
    await this.says('started');
  }

  /** Everything that dnsmasq has logged: every DHCP message and every file that was fetched. */
  log(): Promise<string> {
    return readFile(join(this.#folder, 'log'), 'utf8').catch(() => '');
  }

  /** How many DHCP messages of a kind there were from or to that MAC address. */
  async count(kind: 'DHCPDISCOVER' | 'DHCPACK', mac: string): Promise<number> {
    const lines = (await this.log()).split('\n');
    return lines.filter(line => line.includes(kind) && line.includes(mac)).length;
  }

  /** Waits until its log has that. @param from - how much of the log is old. Characters. */
  async says(text: string, { within = 60_000, from = 0 } = {}): Promise<void> {
    const seen = await poll(systemClock, { every: 100, within }, async () =>
      (await this.log()).slice(from).includes(text) ? true : undefined,
    );
    if (!seen) throw new Error(`the PXE server has not said "${text}":\n${(await this.log()).slice(from)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const takeAway of this.#made.splice(0).reverse()) await takeAway();
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise(resolve => {
    child.once('close', () => resolve());
    child.kill('SIGTERM');
  });
}
