import { gzipSync } from 'node:zlib';
import { type CpioEntry, cpio } from './cpio.ts';
import { dhcpScript, initScript, powerButtonPath, powerButtonScript } from './init-script.ts';
import type { KernelModule } from './kernel-modules.ts';

/** What a virtual machine's disk, network card and power button need; what these depend on comes along. */
export const ramdiskModules = [
  'virtio_pci',
  'virtio_net',
  'virtio_blk',
  'virtio_scsi',
  'sd_mod',
  'ata_piix',
  'ahci',
  'nvme',
  'e1000',
  'e1000e',
  'button',
  'evdev',
];

/**
 * The initial root file system with which nodes are deployed, and which is what is deployed: BusyBox, the modules
 * and {@link initScript}. Equal inputs give equal bytes.
 * @param busybox - the static program
 * @param modules - in the order in which they are to be loaded
 */
export function ramdisk(busybox: Buffer, modules: readonly KernelModule[]): Buffer {
  const entries: CpioEntry[] = [
    ...['bin', 'dev', 'etc', 'etc/acpi', 'etc/acpi/PWRF', 'modules', 'proc', 'run', 'sys', 'tmp'].map(
      (path): CpioEntry => ({ kind: 'folder', path, mode: 0o755 }),
    ),
    program('bin/busybox', busybox),
    program('init', initScript),
    program('bin/dhcp-script', dhcpScript),
    program(powerButtonPath, powerButtonScript),
    data('modules/order', modules.map(({ name }) => `${name}.ko\n`).join('')),
    ...modules.map(({ name, content }) => data(`modules/${name}.ko`, content)),
  ];
  return gzipSync(cpio(entries), { level: 9 });
}

function program(path: string, content: Buffer | string): CpioEntry {
  return { kind: 'file', path, mode: 0o755, content: Buffer.from(content) };
}

function data(path: string, content: Buffer | string): CpioEntry {
  return { kind: 'file', path, mode: 0o644, content: Buffer.from(content) };
}
