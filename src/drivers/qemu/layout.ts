import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { QuintupleoError, systemCodeOf } from '../../support/errors.ts';

/** The folders that this driver keeps things in. */
export interface Folders {
  /** What must survive a restart of the host. */
  readonly stateDirectory: string;
  /** Sockets. */
  readonly runtimeDirectory: string;
}

/** Where one machine keeps its things. */
export interface MachinePaths {
  readonly folder: string;
  /** What it is made of. */
  readonly record: string;
  /** How it was last powered on. */
  readonly run: string;
  readonly disk: (name: string) => string;
  /** What is in its drives. */
  readonly media: string;
  /** Its UEFI variables, and those that it has while secure boot is on. */
  readonly variables: string;
  readonly secureBootVariables: string;
  /** All that the machine sends on its serial port. */
  readonly serialLog: string;
  /** FIFO of what is sent to it. */
  readonly serialInput: string;
  /** What QEMU has to say. */
  readonly qemuLog: string;
  /** QEMU notes every reset here. */
  readonly resetLog: string;
  /** Also the argument by which its process is told from all others. */
  readonly pidfile: string;
  readonly qmpSocket: string;
  /** At which its screen is seen. */
  readonly vncSocket: string;
  /** Names of its taps. */
  readonly tap: (index: number) => string;
  /** Name of the packet filter on them. */
  readonly filter: string;
}

/** Where one network keeps its things. */
export interface NetworkPaths {
  readonly folder: string;
  readonly record: string;
  readonly leases: string;
  /** Also the argument by which its dnsmasq is told from all others. */
  readonly pidfile: string;
  readonly log: string;
  /** Name of its bridge. */
  readonly bridge: string;
  /** The bridge's MAC address: made from its name, so that the host's neighbours never see another one. */
  readonly mac: string;
  /** The host's IPv6 address there, from the range for private networks. @see RFC 4193 */
  readonly ipv6: string;
}

// sun_path has 108 bytes, the last of which is zero. @see unix(7)
const longestSocketPath = 107;

/** Where a lab's machines are kept. */
export function machinesFolder(folders: Folders, lab: string): string {
  return join(folders.stateDirectory, 'labs', lab, 'machines');
}

/** Where a lab's networks are kept. */
export function networksFolder(folders: Folders, lab: string): string {
  return join(folders.stateDirectory, 'labs', lab, 'networks');
}

/**
 * The paths of a machine.
 * @throws QuintupleoError `SOCKET_PATH_TOO_LONG`
 */
export function machinePaths(folders: Folders, lab: string, node: string): MachinePaths {
  const folder = join(machinesFolder(folders, lab), node);
  const id = digest(folder);
  const socket = (kind: string) => {
    const path = join(folders.runtimeDirectory, `${id.slice(0, 12)}.${kind}`);
    if (Buffer.byteLength(path) <= longestSocketPath) return path;
    throw new QuintupleoError(`the socket path ${path} is longer than ${longestSocketPath} bytes`, {
      family: 'user',
      code: 'SOCKET_PATH_TOO_LONG',
      remedy: 'Set QUINTUPLEO_RUNTIME_DIR to a shorter path.',
    });
  };
  return {
    folder,
    record: join(folder, 'machine.json'),
    run: join(folder, 'run.json'),
    disk: name => join(folder, `disk-${name}.qcow2`),
    media: join(folder, 'media.json'),
    variables: join(folder, 'uefi-variables.fd'),
    secureBootVariables: join(folder, 'uefi-variables-secure-boot.fd'),
    serialLog: join(folder, 'serial.log'),
    serialInput: join(folder, 'serial.in'),
    qemuLog: join(folder, 'qemu.log'),
    resetLog: join(folder, 'resets.log'),
    pidfile: join(folder, 'qemu.pid'),
    qmpSocket: socket('qmp'),
    vncSocket: socket('vnc'),
    tap: index => `qx${id.slice(0, 9)}-${index.toString(36)}`,
    filter: `qx${id.slice(0, 9)}`,
  };
}

/** The paths of a network. */
export function networkPaths(folders: Folders, lab: string, network: string): NetworkPaths {
  const folder = join(networksFolder(folders, lab), network);
  const id = digest(folder);
  return {
    folder,
    record: join(folder, 'network.json'),
    leases: join(folder, 'dnsmasq.leases'),
    pidfile: join(folder, 'dnsmasq.pid'),
    log: join(folder, 'dnsmasq.log'),
    bridge: `qx${id.slice(0, 10)}`,
    // The second digit makes it a locally administered, individual address.
    mac: `02:${id.slice(0, 10).match(/../g)?.join(':')}`,
    ipv6: `fd${id.slice(0, 2)}:${id.slice(2, 6)}:${id.slice(6, 10)}::1`,
  };
}

/** Names of the folders in a folder; none when it does not exist. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
      .sort();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Names of interfaces have 15 characters and those of sockets few more: a path is told by its digest. */
function digest(path: string): string {
  return createHash('sha256').update(path).digest('hex');
}
