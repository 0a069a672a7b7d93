import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { BootImageKind } from '../node/firmware.ts';
import { QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { bootableDisk } from './disk-image.ts';
import { type FatFile, fat16 } from './fat.ts';
import { discScript, diskShell, diskShellScript, networkScript, shellFile } from './firmware-scripts.ts';
import type { PackageTools } from './packages.ts';

/** Where the parts of an image are found, and where it is laid out. */
export interface Workshop {
  /** Root of the unpacked packages. */
  readonly packages: string;
  /** A folder for scraps. */
  readonly scraps: string;
  readonly tools: PackageTools;
}

/** What an image is made of. */
export interface ImageKind {
  readonly diskFormat: 'iso' | 'raw';
  /** From the host's own Debian release, and from the one of {@link newerSuite}. */
  readonly packages: { readonly host: readonly string[]; readonly newer: readonly string[] };
  /** The texts on it, by which one image is told from another that is made of the same packages. */
  readonly texts: readonly string[];
  /** @returns path of the image, among the scraps */
  readonly make: (workshop: Workshop) => Promise<string>;
}

/** The first Debian suite whose iPXE for UEFI reads a script from the medium that it was started from. For BIOS the host's own suite will do. */
export const newerSuite = 'trixie';

// The serial port shows that the disc has started; Debian's iPXE itself writes to no serial port under BIOS.
const isolinuxConfig = [
  'SERIAL 0 115200',
  'DEFAULT ipxe',
  'LABEL ipxe',
  'KERNEL /ipxe.krn',
  'INITRD /boot.ipx',
  '',
].join('\n');
const grubCommands = 'linux16 /ipxe.krn\ninitrd16 /autoexec.ipxe\nboot\n';
const isolinux = ['isolinux', 'syslinux-common'];

/** How each kind of image is made. */
export const imageKinds: Readonly<Record<BootImageKind, ImageKind>> = {
  bios: {
    diskFormat: 'iso',
    packages: { host: ['ipxe', ...isolinux], newer: [] },
    texts: [isolinuxConfig, discScript('bios')],
    make: workshop => disc(workshop, { bios: discScript('bios') }),
  },
  uefi: {
    diskFormat: 'iso',
    packages: { host: [], newer: ['ipxe', 'efi-shell-x64'] },
    texts: [discScript('uefi'), diskShell()],
    make: workshop => disc(workshop, { uefi: discScript('uefi'), shell: diskShell() }),
  },
  rescue: {
    diskFormat: 'iso',
    packages: { host: isolinux, newer: ['ipxe'] },
    texts: [isolinuxConfig, networkScript('disc')],
    make: workshop => disc(workshop, { bios: networkScript('disc'), uefi: networkScript('disc') }),
  },
  disk: {
    diskFormat: 'raw',
    packages: { host: ['grub-common', 'grub-pc-bin', 'libdevmapper1.02.1'], newer: ['ipxe'] },
    texts: [grubCommands, networkScript('disk')],
    make: networkDisk,
  },
};

const volumeName = 'QUINTUPLEO';
/** Of every file and of the volume, so that equal parts give equal bytes: in UTC, to the hundredth of a second. */
const date = '2019010100000000';
const fileSystemSerial = 0x5154_4f31;

/** What iPXE does when it was started by each firmware; `undefined` where the disc does not boot under it. */
interface DiscScripts {
  readonly bios?: string;
  readonly uefi?: string;
  /** The script of a UEFI shell that is on the disc too. */
  readonly shell?: string;
}

async function disc(workshop: Workshop, { bios, uefi, shell }: DiscScripts): Promise<string> {
  const folder = join(workshop.scraps, 'disc');
  await mkdir(folder);
  const boots = [
    ...(bios === undefined ? [] : [await layOutBios(workshop.packages, folder, bios)]),
    ...(uefi === undefined ? [] : [await layOutUefi(workshop.packages, folder, uefi, shell)]),
  ];
  const image = join(workshop.scraps, 'image.iso');
  const options = boots.flatMap((boot, index) => (index === 0 ? boot : ['-eltorito-alt-boot', ...boot]));
  await makeDisc(folder, options, image, workshop.tools);
  return image;
}

/**
 * isolinux starts iPXE as if it were a kernel, and the script as its initial ramdisk.
 * @returns how a disc of these files boots: options of mkisofs
 */
async function layOutBios(packages: string, folder: string, script: string): Promise<readonly string[]> {
  await mkdir(join(folder, 'isolinux'));
  await copy(packages, 'usr/lib/ISOLINUX/isolinux.bin', join(folder, 'isolinux/isolinux.bin'));
  await copy(packages, 'usr/lib/syslinux/modules/bios/ldlinux.c32', join(folder, 'isolinux/ldlinux.c32'));
  await writeFile(join(folder, 'isolinux/isolinux.cfg'), isolinuxConfig);
  await copy(packages, biosLoader, join(folder, 'ipxe.krn'));
  await writeFile(join(folder, 'boot.ipx'), script);
  const table = ['-no-emul-boot', '-boot-load-size', '4', '-boot-info-table'];
  return ['-b', 'isolinux/isolinux.bin', '-c', 'isolinux/boot.cat', ...table];
}

/** The firmware starts iPXE from a file system of its own on the disc, where iPXE finds its script. */
async function layOutUefi(
  packages: string,
  folder: string,
  script: string,
  shell: string | undefined,
): Promise<readonly string[]> {
  const files: FatFile[] = await uefiFiles(packages, script);
  if (shell !== undefined) {
    const program = await readPart(packages, 'usr/share/efi-shell-x64/shellx64.efi');
    files.push({ path: shellFile, content: program }, { path: diskShellScript, content: Buffer.from(shell) });
  }
  const fileSystem = fat16(files, { label: volumeName, serial: fileSystemSerial, hiddenSectors: 0 });
  await writeFile(join(folder, 'efi.img'), fileSystem);
  return ['-e', 'efi.img', '-no-emul-boot'];
}

const biosLoader = 'usr/lib/ipxe/ipxe.lkrn';

async function uefiFiles(packages: string, script: string): Promise<FatFile[]> {
  return [
    { path: 'EFI/BOOT/BOOTX64.EFI', content: await readPart(packages, 'usr/lib/ipxe/ipxe-amd64.efi') },
    { path: 'autoexec.ipxe', content: Buffer.from(script) },
  ];
}

/** Under BIOS it is GRUB that starts iPXE as if it were a kernel. */
async function networkDisk({ packages, scraps, tools }: Workshop): Promise<string> {
  const files = await uefiFiles(packages, networkScript('disk'));
  files.push({ path: 'ipxe.krn', content: await readPart(packages, biosLoader) });
  const grub = { packages, scratch: join(scraps, 'grub'), commands: grubCommands };
  const content = await bootableDisk(
    { ...grub, modules: ['linux16', 'boot'], files },
    tools.run,
    tools.signal,
  );
  const image = join(scraps, 'image.img');
  await writeFile(image, content);
  return image;
}

async function makeDisc(
  folder: string,
  boot: readonly string[],
  image: string,
  { run, signal }: PackageTools,
): Promise<void> {
  const dates = [`--modification-date=${date}`, '--set_all_file_dates', date];
  const args = ['-as', 'mkisofs', '-quiet', '-r', '-V', volumeName, ...dates, '-o', image, ...boot, folder];
  const result = await run('xorriso', args, { timeout: 60_000, signal, env: { TZ: 'UTC' } }).catch(
    (error: unknown) => {
      if (!(error instanceof QuintupleoError && error.code === 'PROGRAM_MISSING')) throw error;
      throw new QuintupleoError('xorriso is not installed', {
        family: 'platform',
        code: 'PROGRAM_MISSING',
        remedy: 'Install the Debian package xorriso.',
        cause: error,
      });
    },
  );
  if (result.status === 0) return;
  throw new QuintupleoError(`xorriso could not make the firmware image: ${result.stderr.trim()}`, {
    family: 'platform',
    code: 'FIRMWARE_IMAGE',
  });
}

async function copy(packages: string, path: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, await readPart(packages, path));
}

/** A file of the unpacked packages, whose absolute links lead to other files of theirs and not to this host's. */
async function readPart(packages: string, path: string): Promise<Buffer> {
  const part = join(packages, path);
  try {
    const target = await readlink(part).catch((error: unknown) => {
      if (systemCodeOf(error) === 'EINVAL') return undefined;
      throw error;
    });
    if (target === undefined) return await readFile(part);
    return await readPart(packages, isAbsolute(target) ? target : join(dirname(path), target));
  } catch (error) {
    throw systemCodeOf(error) === 'ENOENT' ? missing(path) : error;
  }
}

function missing(path: string): QuintupleoError {
  return new QuintupleoError(`the packages hold no ${join('/', path)}`, {
    family: 'platform',
    code: 'PACKAGES_INCOMPLETE',
  });
}
