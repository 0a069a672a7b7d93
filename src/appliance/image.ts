import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { readKernel, readPackaged } from '../boot/deploy-files.ts';
import { diskImage } from '../boot/disk-image.ts';
import { readKernelModules } from '../boot/kernel-modules.ts';
import { findDependency, findPackages, unpackPackages } from '../boot/packages.ts';
import { findIpxeBinaries } from '../host/dnsmasq.ts';
import { missingProgram } from '../host/programs.ts';
import { QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { type RunProgram, runProgram } from '../support/program.ts';
import { bundle } from './bundle.ts';
import { programFolder, stateLabel } from './init-script.ts';
import { type CopiedFile, findProgram, programFiles } from './program-files.ts';
import { applianceModules, rootArchive } from './root-archive.ts';

/** An image of a disk from which a machine boots as the BMC service, BIOS or UEFI. */
export interface ServiceImage {
  /** Raw. */
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** How the image is made. */
export interface ServiceImageOptions {
  /** A folder of which this owns what begins with `service-`, and `packages`. */
  readonly cache: string;
  readonly run?: RunProgram | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The folder of this project's package.json; by default the one that runs. */
  readonly root?: string | undefined;
}

/** Kernel arguments of the appliance: one that panics boots again. */
const kernelArguments = 'console=tty0 console=ttyS0,115200 quiet loglevel=4 panic=10 no_timer_check';

/** The file system that keeps the state: 64 MiB. */
const stateSize = 64 * 2 ** 20;

/** Grows when equal parts give another image. */
const recipe = 1;

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const administratorFolders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin'];

/**
 * Makes the image of the BMC service, or finds the one made earlier of the same parts: Debian's kernel, BusyBox and
 * GRUB; this machine's own Node.js, dnsmasq and ip; this project as it is installed here. Equal parts give an equal image,
 * so that all who run the same release share one. Needs no root.
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`, `PROGRAM_MISSING`, `BUNDLE_INCOMPLETE`, `BOOT_LOADER`
 */
export async function buildServiceImage(options: ServiceImageOptions): Promise<ServiceImage> {
  const { cache, signal } = options;
  const tools = { run: options.run ?? runProgram, signal };
  const kernelPackage = await findDependency('linux-image-cloud-amd64', /^linux-image-\d/, tools);
  const boot = ['busybox-static', 'grub-common', 'grub-pc-bin', 'grub-efi-amd64-bin', 'libdevmapper1.02.1'];
  const packages = await findPackages([kernelPackage, ...boot], tools);
  const files = await copiedFiles(options.root ?? projectRoot, tools.run, signal);

  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'service-work-'));
  try {
    const known = join(cache, `service-${await inputsHash([packages.map(({ sha256 }) => sha256)], files)}`);
    const image = join(known, 'disk.img');
    const digest = await readFile(join(known, 'sha256'), 'utf8').catch(orNothing);
    if (digest !== undefined) return { path: image, sha256: digest.trim() };

    const unpacked = join(work, 'packages');
    await unpackPackages(packages, { cache: join(cache, 'packages'), into: unpacked }, tools);
    const kernel = await readKernel(unpacked);
    const archive = await rootArchive({
      busybox: await readPackaged(unpacked, ['bin/busybox', 'usr/bin/busybox']),
      modules: await readKernelModules(kernel.modules, applianceModules, tools.run),
      files,
    });
    const content = await diskImage(
      {
        packages: unpacked,
        scratch: join(work, 'grub'),
        kernel: kernel.image,
        ramdisk: await promisify(gzip)(archive),
        kernelArguments,
        data: await stateFileSystem(join(work, 'state.ext4'), tools.run, signal),
      },
      tools.run,
      signal,
    );
    const sha256 = createHash('sha256').update(content).digest('hex');
    const made = join(work, 'made');
    await mkdir(made);
    await writeFile(join(made, 'disk.img'), content);
    await writeFile(join(made, 'sha256'), `${sha256}\n`);
    await rename(made, known).catch((error: unknown) => {
      // Somebody else has made the same image meanwhile.
      if (!['EEXIST', 'ENOTEMPTY'].includes(systemCodeOf(error) ?? '')) throw error;
    });
    return { path: image, sha256 };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function copiedFiles(
  root: string,
  run: RunProgram,
  signal: AbortSignal | undefined,
): Promise<readonly CopiedFile[]> {
  const find = async (program: 'dnsmasq' | 'ip') => {
    const path = await findProgram(program, administratorFolders);
    if (path === undefined) throw missingProgram(program);
    return programFiles(path, `usr/sbin/${program}`, run, signal);
  };
  const ipxe = findIpxeBinaries();
  return [
    ...(await programFiles(process.execPath, 'usr/bin/node', run, signal)),
    ...(await find('dnsmasq')),
    ...(await find('ip')),
    ...(await bundle(root, programFolder)),
    // What other firmware than iPXE loads by TFTP, where this machine has it.
    ...(ipxe === undefined ? [] : ['undionly.kpxe', 'ipxe.efi']).map(name => ({
      source: join(ipxe ?? '', name),
      path: join(ipxe ?? '', name).slice(1),
      executable: false,
    })),
  ];
}

/** Names all that the image is made of. */
async function inputsHash(others: readonly unknown[], files: readonly CopiedFile[]): Promise<string> {
  const hash = createHash('sha256');
  const parts = await rootArchive({ busybox: Buffer.alloc(0), modules: [], files });
  hash.update(JSON.stringify([recipe, kernelArguments, applianceModules, stateSize, ...others]));
  hash.update(parts);
  return hash.digest('hex').slice(0, 16);
}

/** An empty file system, always the same. */
async function stateFileSystem(
  path: string,
  run: RunProgram,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const mke2fs = await findProgram('mke2fs', administratorFolders);
  if (!mke2fs) {
    throw new QuintupleoError('mke2fs is not installed', {
      family: 'platform',
      code: 'PROGRAM_MISSING',
      remedy: 'Install the Debian package e2fsprogs.',
    });
  }
  const identity = '6f51d3a4-6b1c-4c1e-9f25-7175696e7475';
  const { status, stderr } = await run(
    mke2fs,
    [
      ...['-q', '-t', 'ext4', '-L', stateLabel, '-U', identity, '-m', '0', '-I', '256'],
      ...['-E', `hash_seed=${identity},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0`],
      ...['-O', '^metadata_csum_seed,^orphan_file', path, `${stateSize / 1024}k`],
    ],
    { timeout: 60_000, signal, env: { E2FSPROGS_FAKE_TIME: '1', SOURCE_DATE_EPOCH: '1' } },
  );
  if (status !== 0) {
    throw new QuintupleoError(`mke2fs failed: ${stderr.trim()}`, {
      family: 'platform',
      code: 'PROGRAM_FAILED',
    });
  }
  return readFile(path);
}

function orNothing(error: unknown): undefined {
  if (systemCodeOf(error) !== 'ENOENT') throw error;
}
