import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QuintupleoError } from '../support/errors.ts';
import type { RunProgram } from '../support/program.ts';
import { type FatFile, fat16 } from './fat.ts';

/** Where GRUB's parts are and what it shall boot. */
export interface DiskImageParts {
  /** Root of the unpacked packages grub-common, grub-pc-bin and grub-efi-amd64-bin. */
  readonly packages: string;
  /** A folder for scraps. */
  readonly scratch: string;
  readonly kernel: Buffer;
  readonly ramdisk: Buffer;
  /** The kernel's command line. */
  readonly kernelArguments: string;
  /** A Linux file system for the second partition, a whole number of sectors; by default that is empty, for a note. */
  readonly data?: Buffer | undefined;
}

const sectorSize = 512;
/** Where the first partition starts, as partitioning tools have it: GRUB lives before it. */
const firstPartition = 2048;
/** The second partition, in which a deployed system finds a note: one MiB, so that the image ends on one. */
const noteSize = 2048 * sectorSize;
const partitionTypes = { efiSystem: 0xef, linux: 0x83, nonFileSystem: 0xda };
const fileSystem = { label: 'QUINTUPLEO', serial: 0x5154_4f30, hiddenSectors: firstPartition };

/**
 * An image of a disk that boots under BIOS (GRUB in the gap before the first partition) and under UEFI (GRUB as
 * the removable-media loader of an EFI system partition) and holds one kernel and one ramdisk. Needs no root and
 * no loop device; equal parts give equal bytes.
 * @throws QuintupleoError `BOOT_LOADER`
 * @see UEFI 2.10 §3.5.1.1 (removable media), §5.2.1 (MBR)
 */
export async function diskImage(
  parts: DiskImageParts,
  run: RunProgram,
  signal?: AbortSignal,
): Promise<Buffer> {
  const commands = `linux /vmlinuz ${parts.kernelArguments}\ninitrd /initrd\nboot\n`;
  const grub: GrubParts = { ...parts, commands, modules: ['linux', 'boot'] };
  const files = [
    { path: 'EFI/BOOT/BOOTX64.EFI', content: await makeGrub('x86_64-efi', '/', grub, run, signal) },
    { path: 'vmlinuz', content: parts.kernel },
    { path: 'initrd', content: parts.ramdisk },
  ];
  return bootableDisk({ ...grub, files, data: parts.data }, run, signal);
}

/** What GRUB is made of and does. */
export interface GrubParts {
  /** Root of the unpacked packages grub-common and grub-pc-bin, or grub-efi-amd64-bin. */
  readonly packages: string;
  /** A folder for scraps. */
  readonly scratch: string;
  /** GRUB's commands, a line each. */
  readonly commands: string;
  /** Modules that those commands need. */
  readonly modules: readonly string[];
}

/**
 * An image of a disk whose first partition holds files: under BIOS, GRUB boots from them as its commands say; under
 * UEFI, the removable-media loader among them starts.
 * @throws QuintupleoError `BOOT_LOADER`
 */
export async function bootableDisk(
  parts: GrubParts & { readonly files: readonly FatFile[]; readonly data?: Buffer | undefined },
  run: RunProgram,
  signal?: AbortSignal,
): Promise<Buffer> {
  const bootSector = await readFile(join(parts.packages, 'usr/lib/grub/i386-pc/boot.img'));
  // An empty device in the prefix is the disk that was booted from.
  const core = await makeGrub('i386-pc', '(,msdos1)/', parts, run, signal);
  // GRUB's boot sector reads on at sector 1, and what is there knows its own length: they need only lie in a row.
  if (core.length > (firstPartition - 1) * sectorSize) {
    throw bootLoaderError(`GRUB's ${core.length} bytes do not fit before the first partition`);
  }
  const partition = fat16(parts.files, fileSystem);
  const partitionSectors = partition.length / sectorSize;

  const second = parts.data ?? Buffer.alloc(noteSize);
  const secondStart = firstPartition + partitionSectors;
  const secondType = parts.data ? partitionTypes.linux : partitionTypes.nonFileSystem;

  const image = Buffer.alloc(secondStart * sectorSize + second.length);
  bootSector.copy(image, 0, 0, 440);
  image.writeUInt32LE(fileSystem.serial, 440);
  partitionEntry(partitionTypes.efiSystem, firstPartition, partitionSectors, true).copy(image, 446);
  partitionEntry(secondType, secondStart, second.length / sectorSize, false).copy(image, 462);
  image.writeUInt16LE(0xaa55, 510);
  core.copy(image, sectorSize);
  partition.copy(image, firstPartition * sectorSize);
  second.copy(image, secondStart * sectorSize);
  return image;
}

function partitionEntry(type: number, start: number, sectors: number, active: boolean): Buffer {
  const entry = Buffer.alloc(16);
  entry.writeUInt8(active ? 0x80 : 0, 0);
  // Cylinder, head and sector: "see the sector numbers".
  entry.set([0xfe, 0xff, 0xff], 1);
  entry.writeUInt8(type, 4);
  entry.set([0xfe, 0xff, 0xff], 5);
  entry.writeUInt32LE(start, 8);
  entry.writeUInt32LE(sectors, 12);
  return entry;
}

type Platform = 'i386-pc' | 'x86_64-efi';

/** A UEFI loader may be copied to a disk with a GUID partition table; GRUB under BIOS stays where it was installed. */
const platformModules: Readonly<Record<Platform, readonly string[]>> = {
  'i386-pc': ['biosdisk'],
  'x86_64-efi': ['part_gpt'],
};

async function makeGrub(
  platform: Platform,
  prefix: string,
  parts: GrubParts,
  run: RunProgram,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  await mkdir(parts.scratch, { recursive: true });
  const config = join(parts.scratch, 'grub.cfg');
  const output = join(parts.scratch, `grub-${platform}.img`);
  await writeFile(config, parts.commands);
  const folder = join(parts.packages, 'usr/lib/grub', platform);
  const args = ['-O', platform, '-d', folder, '-p', prefix, '-c', config, '-o', output];
  const { status, stderr } = await run(
    join(parts.packages, 'usr/bin/grub-mkimage'),
    [...args, 'part_msdos', 'fat', ...parts.modules, ...platformModules[platform]],
    { timeout: 60_000, signal, env: { LD_LIBRARY_PATH: (await libraryFolders(parts.packages)).join(':') } },
  );
  if (status !== 0) throw bootLoaderError(`grub-mkimage failed: ${stderr.trim()}`);
  return readFile(output);
}

/** Where the unpacked packages hold libraries that this machine may not have. */
async function libraryFolders(packages: string): Promise<string[]> {
  const folders: string[] = [];
  for (const lib of ['lib', 'usr/lib']) {
    const names = await readdir(join(packages, lib)).catch(() => []);
    folders.push(...names.filter(name => name.endsWith('-linux-gnu')).map(name => join(packages, lib, name)));
  }
  return folders;
}

function bootLoaderError(message: string): QuintupleoError {
  return new QuintupleoError(message, { family: 'platform', code: 'BOOT_LOADER' });
}
