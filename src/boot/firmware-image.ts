import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BootImageKind } from '../node/firmware.ts';
import { systemCodeOf } from '../support/errors.ts';
import { type RunProgram, runProgram } from '../support/program.ts';
import { withSuite } from './debian-suite.ts';
import { imageKinds, newerSuite } from './firmware-kinds.ts';
import { findPackages, type PackageTools, unpackPackages } from './packages.ts';

/** A disc or disk from which a machine's firmware starts ours. */
export interface FirmwareImage {
  /** Absolute; the file does not change. */
  readonly path: string;
  /** Hexadecimal, of the file. */
  readonly sha256: string;
  /** As Glance calls it. A disc is no hybrid of disc and disk, which Nova would refuse. */
  readonly diskFormat: 'iso' | 'raw';
}

/** How a firmware image is made. */
export interface FirmwareImageOptions {
  /** A folder of which this project owns all. */
  readonly cache: string;
  readonly run?: RunProgram | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Grows when the same packages and texts give another image. */
const recipe = 2;

/** Apt for the host's own suite, and for the newer one. */
interface Suites {
  readonly host: PackageTools;
  readonly newer: PackageTools;
}

/**
 * Makes a firmware image from Debian's packages, or finds the one made earlier from the same ones. Needs no root. Equal
 * packages give equal bytes.
 * @throws QuintupleoError `PACKAGES_UNAVAILABLE`, `PACKAGES_INCOMPLETE`, `PROGRAM_MISSING`, `FIRMWARE_IMAGE`,
 * `BOOT_LOADER`
 */
export async function firmwareImage(
  kind: BootImageKind,
  options: FirmwareImageOptions,
): Promise<FirmwareImage> {
  const host: PackageTools = { run: options.run ?? runProgram, signal: options.signal };
  if (imageKinds[kind].packages.newer.length === 0) {
    return findOrMake(kind, options.cache, { host, newer: host });
  }
  const folder = join(options.cache, 'suites', newerSuite);
  return withSuite(newerSuite, folder, host, newer => findOrMake(kind, options.cache, { host, newer }));
}

async function findOrMake(kind: BootImageKind, cache: string, suites: Suites): Promise<FirmwareImage> {
  const { packages, texts, diskFormat, make } = imageKinds[kind];
  const found = [];
  for (const suite of ['host', 'newer'] as const) {
    const names = packages[suite];
    if (names.length === 0) continue;
    found.push({ suite, packages: await findPackages(names, suites[suite]) });
  }
  const checksums = found.flatMap(({ packages }) => packages.map(({ sha256 }) => sha256));
  const inputs = sha256(JSON.stringify([recipe, texts, checksums])).slice(0, 16);
  const path = join(cache, `firmware-${kind}-${inputs}.${diskFormat === 'iso' ? 'iso' : 'img'}`);
  const known = await read(path);
  if (known) return { path, sha256: sha256(known), diskFormat };

  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'work-'));
  try {
    const unpacked = join(work, 'packages');
    const folders = { cache: join(cache, 'packages'), into: unpacked };
    for (const { suite, packages } of found) await unpackPackages(packages, folders, suites[suite]);
    const image = await make({ packages: unpacked, scraps: work, tools: suites.host });
    const content = await readFile(image);
    await rename(image, path);
    return { path, sha256: sha256(content), diskFormat };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function read(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
