import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type CpioEntry, cpio } from '../boot/cpio.ts';
import { powerButtonPath } from '../boot/init-script.ts';
import type { KernelModule } from '../boot/kernel-modules.ts';
import { initScript, powerButtonScript } from './init-script.ts';
import type { CopiedFile } from './program-files.ts';

/** What the disks, network cards, config drives and power buttons of clouds need; what these depend on comes along. */
export const applianceModules = [
  'virtio_pci',
  'virtio_net',
  'virtio_blk',
  'virtio_scsi',
  'virtio_rng',
  'sd_mod',
  'sr_mod',
  'ata_piix',
  'ahci',
  'nvme',
  'e1000',
  'e1000e',
  'isofs',
  'vfat',
  'nls_cp437',
  'nls_ascii',
  'nls_iso8859_1',
  'nls_utf8',
  'ext4',
  'button',
  'evdev',
];

const folders = ['dev', 'etc', 'proc', 'root', 'run', 'state', 'sys', 'tmp', 'config', 'var/lib/misc'];

const texts: Readonly<Record<string, string>> = {
  // dnsmasq gives up its rights; it looks its user up by name.
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\ndnsmasq:x:100:100::/tmp:/bin/false\nnobody:x:65534:65534::/tmp:/bin/false\n',
  'etc/group': 'root:x:0:\ndnsmasq:x:100:\nnogroup:x:65534:\n',
  'etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
};

/** What the appliance's root file system is made of. */
export interface RootParts {
  /** The static program. */
  readonly busybox: Buffer;
  /** In the order in which they are to be loaded. */
  readonly modules: readonly KernelModule[];
  readonly files: readonly CopiedFile[];
}

/** The appliance's root file system, all of it in memory: an archive for the kernel. Equal parts give equal bytes. */
export async function rootArchive({ busybox, modules, files }: RootParts): Promise<Buffer> {
  const entries = new Map<string, CpioEntry>();
  const put = (path: string, content: Uint8Array | string, mode: number) => {
    addFolder(dirname(path), entries);
    entries.set(path, { kind: 'file', path, mode, content: Buffer.from(content) });
  };
  for (const folder of folders) addFolder(folder, entries);
  put('bin/busybox', busybox, 0o755);
  put('init', initScript, 0o755);
  put(powerButtonPath, powerButtonScript, 0o755);
  for (const [path, text] of Object.entries(texts)) put(path, text, 0o644);
  put('modules/order', modules.map(({ name }) => `${name}.ko\n`).join(''), 0o644);
  for (const { name, content } of modules) put(`modules/${name}.ko`, content, 0o644);
  for (const { source, path, executable } of files)
    put(path, await readFile(source), executable ? 0o755 : 0o644);
  return cpio([...entries.values()]);
}

function addFolder(path: string, entries: Map<string, CpioEntry>): void {
  if (path === '.' || entries.has(path)) return;
  addFolder(dirname(path), entries);
  entries.set(path, { kind: 'folder', path, mode: 0o755 });
}
