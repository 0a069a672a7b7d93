import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Firmware } from '../node/spec.ts';
import { QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { type RunProgram, runProgram } from '../support/program.ts';
import { withSuite } from './debian-suite.ts';
import { fat16 } from './fat.ts';
import { discScript, diskShell, diskShellScript, shellFile } from './firmware-scripts.ts';
import { findPackages, type PackageTools, unpackPackages } from './packages.ts';

/** A disc from which a machine's firmware starts ours. */
export interface FirmwareImage {
  /** Absolute; the file does not change. */
  readonly path: string;
  /** Hexadecimal, of the file. */
  readonly sha256: string;
  /** As Glance calls it. Not a hybrid of disc and disk, which Nova would refuse. */
  readonly diskFormat: 'iso';
}

/** How a firmware image is made. */
export interface FirmwareImageOptions {
  /** A folder of which this project owns all. */
  readonly cache: string;
  readonly run?: RunProgram | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Grows when the same packages and scripts give another image. */
const recipe = 1;
const volumeName = 'QUINTUPLEO';
/** Of every file and of the volume, so that equal parts give equal bytes: in UTC, to the hundredth of a second. */
const date = '2019010100000000';
const fileSystemSerial = 0x5154_4f31;

/** What an image is made of: package and path of each file, by its place in the scraps. */
interface Kind {
  readonly packages: readonly string[];
  /** Lays the disc's files out and says how a disc of them boots: options of mkisofs. */
  readonly layOut: (packages: string, disc: string) => Promise<readonly string[]>;
  readonly script: string;
}

const kinds: Readonly<Record<Firmware, Kind>> = {
  bios: {
    packages: ['ipxe', 'isolinux', 'syslinux-common'],
    layOut: layOutBios,
    script: discScript('bios'),
  },
  uefi: {
    packages: ['ipxe', 'efi-shell-x64'],
    layOut: layOutUefi,
    script: discScript('uefi') + diskShell(),
  },
};

/**
 * The first Debian suite whose iPXE for UEFI reads a script from the disc that it was started from. For BIOS the
 * host's own suite will do.
 */
const uefiSuite = 'trixie';

/**
 * Makes the disc that asks at every boot what to boot, from Debian's packages, or finds the one made earlier from the
 * same ones. Needs no root. Equal packages give equal bytes.
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`, `PROGRAM_MISSING`, `FIRMWARE_IMAGE`
 */
export async function firmwareImage(
  firmware: Firmware,
  options: FirmwareImageOptions,
): Promise<FirmwareImage> {
  const tools: PackageTools = { run: options.run ?? runProgram, signal: options.signal };
  const make = (own: PackageTools) => findOrMake(firmware, options.cache, own);
  if (firmware === 'bios') return make(tools);
  return withSuite(uefiSuite, join(options.cache, 'suites', uefiSuite), tools, make);
}

async function findOrMake(firmware: Firmware, cache: string, tools: PackageTools): Promise<FirmwareImage> {
  const { packages: names, layOut, script } = kinds[firmware];
  const packages = await findPackages(names, tools);
  const inputs = JSON.stringify([recipe, script, packages.map(({ sha256 }) => sha256)]);
  const path = join(cache, `firmware-${firmware}-${sha256(inputs).slice(0, 16)}.iso`);
  const known = await read(path);
  if (known) return { path, sha256: sha256(known), diskFormat: 'iso' };

  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'work-'));
  try {
    const unpacked = join(work, 'packages');
    const disc = join(work, 'disc');
    const image = join(work, 'image.iso');
    await mkdir(disc);
    await unpackPackages(packages, { cache: join(cache, 'packages'), into: unpacked }, tools);
    const boot = await layOut(unpacked, disc);
    await makeDisc(disc, boot, image, tools);
    const content = await readFile(image);
    await rename(image, path);
    return { path, sha256: sha256(content), diskFormat: 'iso' };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** isolinux starts iPXE as if it were a kernel, and the script as its initial ramdisk. */
async function layOutBios(packages: string, disc: string): Promise<readonly string[]> {
  const config = ['DEFAULT ipxe', 'LABEL ipxe', 'KERNEL /ipxe.krn', 'INITRD /boot.ipx', ''].join('\n');
  await mkdir(join(disc, 'isolinux'));
  await copy(join(packages, 'usr/lib/ISOLINUX/isolinux.bin'), join(disc, 'isolinux/isolinux.bin'));
  await copy(join(packages, 'usr/lib/syslinux/modules/bios/ldlinux.c32'), join(disc, 'isolinux/ldlinux.c32'));
  await writeFile(join(disc, 'isolinux/isolinux.cfg'), config);
  await copy(join(packages, 'usr/lib/ipxe/ipxe.lkrn'), join(disc, 'ipxe.krn'));
  await writeFile(join(disc, 'boot.ipx'), discScript('bios'));
  const table = ['-no-emul-boot', '-boot-load-size', '4', '-boot-info-table'];
  return ['-b', 'isolinux/isolinux.bin', '-c', 'isolinux/boot.cat', ...table];
}

/** The firmware starts iPXE from a file system of its own on the disc, where iPXE finds its script. */
async function layOutUefi(packages: string, disc: string): Promise<readonly string[]> {
  const files = [
    { path: 'EFI/BOOT/BOOTX64.EFI', content: await readPart(join(packages, 'usr/lib/ipxe/ipxe-amd64.efi')) },
    { path: 'autoexec.ipxe', content: Buffer.from(discScript('uefi')) },
    {
      path: shellFile,
      content: await readPart(join(packages, 'usr/share/efi-shell-x64/shellx64.efi')),
    },
    { path: diskShellScript, content: Buffer.from(diskShell()) },
  ];
  const fileSystem = fat16(files, { label: volumeName, serial: fileSystemSerial, hiddenSectors: 0 });
  await writeFile(join(disc, 'efi.img'), fileSystem);
  return ['-e', 'efi.img', '-no-emul-boot'];
}

async function makeDisc(
  disc: string,
  boot: readonly string[],
  image: string,
  { run, signal }: PackageTools,
): Promise<void> {
  const dates = [`--modification-date=${date}`, '--set_all_file_dates', date];
  const args = ['-as', 'mkisofs', '-quiet', '-r', '-V', volumeName, ...dates, '-o', image, ...boot, disc];
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

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to).catch((error: unknown) => {
    throw systemCodeOf(error) === 'ENOENT' ? missing(from) : error;
  });
}

async function readPart(path: string): Promise<Buffer> {
  const content = await read(path);
  if (content) return content;
  throw missing(path);
}

async function read(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

function missing(path: string): QuintupleoError {
  return new QuintupleoError(`the packages hold no ${path.replace(/^.*?\/packages\//, '/')}`, {
    family: 'platform',
    code: 'PACKAGES_INCOMPLETE',
  });
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
