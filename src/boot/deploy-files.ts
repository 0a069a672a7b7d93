import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { type RunProgram, runProgram } from '../support/program.ts';
import { diskImage } from './disk-image.ts';
import { dhcpScript, initScript, powerButtonScript } from './init-script.ts';
import { readKernelModules } from './kernel-modules.ts';
import { type DebianPackage, findDependency, findPackages, unpackPackages } from './packages.ts';
import { ramdisk, ramdiskModules } from './ramdisk.ts';

/** What a node is deployed with: absolute paths of files that do not change. */
export interface DeployFiles {
  readonly kernel: string;
  readonly ramdisk: string;
  /** What the ramdisk writes to a node's first disk. */
  readonly image: { readonly path: string; readonly size: number; readonly sha256: string };
  /** Versions of what they are made of: file names of Debian packages. */
  readonly packages: readonly string[];
}

/** How the deploy files are made. */
export interface DeployFilesOptions {
  /** A folder of which this owns all. */
  readonly cache: string;
  /** Says in a sentence what is being done. Not called when all is there. */
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly run?: RunProgram | undefined;
}

/**
 * Kernel arguments of the ramdisk and of the deployed system. The last ones spare a machine without hardware
 * virtualisation most of the time that its kernel would take to start.
 */
export const kernelArguments =
  'console=tty0 console=ttyS0,115200 quiet loglevel=4 panic=0 mitigations=off no_timer_check';

/** Not Debian's smaller kernel for clouds: that one has no driver for SATA disks, which nodes of a cloud have. */
const kernelPackageName = 'linux-image-amd64';

/** Grows when the same packages give other files. */
const recipe = 2;

/**
 * Makes the deploy files, from Debian's packages as the host's package sources offer them, or finds those made
 * earlier from the same ones. Needs no root. Several processes may do this in one folder at the same time.
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`, `BOOT_LOADER`
 */
export async function deployFiles(options: DeployFilesOptions): Promise<DeployFiles> {
  const tools = { run: options.run ?? runProgram, signal: options.signal };
  const kernelPackage = await findDependency(kernelPackageName, /^linux-image-\d/, tools);
  const packages = await findPackages(
    [
      kernelPackage,
      'busybox-static',
      'grub-common',
      'grub-pc-bin',
      'grub-efi-amd64-bin',
      'libdevmapper1.02.1',
    ],
    tools,
  );
  const folder = join(options.cache, `deploy-${inputsHash(packages)}`);
  const known = await readManifest(folder);
  if (known) return known;

  await mkdir(options.cache, { recursive: true });
  const work = await mkdtemp(join(options.cache, 'work-'));
  try {
    const unpacked = join(work, 'packages');
    const made = join(work, 'made');
    await mkdir(made);
    options.onProgress?.(`downloading Debian packages: ${packages.map(({ name }) => name).join(', ')}`);
    await unpackPackages(packages, { cache: join(options.cache, 'packages'), into: unpacked }, tools);

    options.onProgress?.('building the deploy ramdisk and the disk image');
    const kernel = await readKernel(unpacked);
    const modules = await readKernelModules(kernel.modules, ramdiskModules, tools.run);
    const initrd = ramdisk(await readPackaged(unpacked, ['bin/busybox', 'usr/bin/busybox']), modules);
    const image = await diskImage(
      {
        packages: unpacked,
        scratch: join(work, 'grub'),
        kernel: kernel.image,
        ramdisk: initrd,
        kernelArguments: `${kernelArguments} quintupleo.stage=disk`,
      },
      tools.run,
      tools.signal,
    );
    const manifest: Manifest = {
      imageSize: image.length,
      imageSha256: createHash('sha256').update(image).digest('hex'),
      packages: packages.map(({ file }) => file),
    };
    await writeFile(join(made, 'vmlinuz'), kernel.image);
    await writeFile(join(made, 'initrd'), initrd);
    await writeFile(join(made, 'disk.img'), image);
    await writeFile(join(made, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(made, folder).catch((error: unknown) => {
      // Somebody else has made the same files meanwhile.
      if (!['EEXIST', 'ENOTEMPTY'].includes(systemCodeOf(error) ?? '')) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const files = await readManifest(folder);
  if (!files) {
    throw new QuintupleoError(`${folder} was made and is gone`, { family: 'platform', code: 'CACHE_GONE' });
  }
  return files;
}

const manifestSchema = z.object({
  imageSize: z.number().int().positive(),
  imageSha256: z.string().regex(/^[0-9a-f]{64}$/),
  packages: z.array(z.string()),
});
type Manifest = z.infer<typeof manifestSchema>;

/** The folder's name holds all that its files are made of; it appears with all of them or not at all. */
async function readManifest(folder: string): Promise<DeployFiles | undefined> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const manifest = manifestSchema.parse(JSON.parse(text));
  return {
    kernel: join(folder, 'vmlinuz'),
    ramdisk: join(folder, 'initrd'),
    image: { path: join(folder, 'disk.img'), size: manifest.imageSize, sha256: manifest.imageSha256 },
    packages: manifest.packages,
  };
}

function inputsHash(packages: readonly DebianPackage[]): string {
  const inputs = [
    recipe,
    kernelArguments,
    ramdiskModules,
    initScript,
    dhcpScript,
    powerButtonScript,
    packages.map(({ sha256 }) => sha256),
  ];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
}

/**
 * Finds the kernel among unpacked packages.
 * @returns the kernel itself, and the folder of its modules
 */
export async function readKernel(unpacked: string): Promise<{ image: Buffer; modules: string }> {
  const name = (await readdir(join(unpacked, 'boot'))).find(file => file.startsWith('vmlinuz-'));
  if (!name) throw incomplete('the kernel package holds no /boot/vmlinuz');
  const version = name.slice('vmlinuz-'.length);
  for (const lib of ['lib', 'usr/lib']) {
    const modules = join(unpacked, lib, 'modules', version);
    const there = await readdir(modules).catch(() => undefined);
    if (there) return { image: await readFile(join(unpacked, 'boot', name)), modules };
  }
  throw incomplete(`the kernel package holds no modules for Linux ${version}`);
}

/** Reads the first of these files that unpacked packages hold: Debian moved its programs from /bin to /usr/bin in release 13. */
export async function readPackaged(root: string, paths: readonly string[]): Promise<Buffer> {
  for (const path of paths) {
    const content = await readFile(join(root, path)).catch(() => undefined);
    if (content) return content;
  }
  throw incomplete(`the packages hold none of ${paths.join(', ')}`);
}

function incomplete(message: string): QuintupleoError {
  return new QuintupleoError(message, { family: 'platform', code: 'PACKAGES_INCOMPLETE' });
}
