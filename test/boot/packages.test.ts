import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findDependency, findPackages, unpackPackages } from '../../src/boot/packages.ts';
import { QuintupleoError } from '../../src/support/errors.ts';
import type { RunProgram } from '../../src/support/program.ts';

const sha256 = 'ab'.repeat(32);
const answers =
  (stdout: string): RunProgram =>
  async () => ({ status: 0, stdout, stderr: '' });
const refuses =
  (stderr: string): RunProgram =>
  async () => ({ status: 100, stdout: '', stderr });
const missing: RunProgram = async program => {
  throw new QuintupleoError(`${program} is missing`, { family: 'platform', code: 'PROGRAM_MISSING' });
};

describe('findPackages', () => {
  test('reads versions and hashes from apt-get', async () => {
    const uri = `'http://deb.example/pool/b/busybox-static_1.35.0-4%2bdeb12u1_amd64.deb'`;
    const run = answers(`${uri} busybox-static_1%3a1.35.0-4+deb12u1_amd64.deb 928188 SHA256:${sha256}\n`);
    expect(await findPackages(['busybox-static'], { run })).toEqual([
      { name: 'busybox-static', file: 'busybox-static_1%3a1.35.0-4+deb12u1_amd64.deb', sha256 },
    ]);
  });

  test.each([
    {
      name: 'no package sources',
      run: refuses('W: x\nE: Unable to locate package busybox-static\n'),
      says: /Unable to locate/,
    },
    {
      name: 'a source without the package',
      run: answers(''),
      says: /no package source offers busybox-static/,
    },
    { name: 'no apt-get', run: missing, says: /apt-get is not installed/ },
  ])('tells what to do: $name', async ({ run, says }) => {
    const error: unknown = await findPackages(['busybox-static'], { run }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'PACKAGES_UNAVAILABLE', family: 'platform' });
    expect(error).toHaveProperty('message', expect.stringMatching(says));
    expect(error).toHaveProperty('remedy', expect.stringMatching(/Debian/));
  });
});

describe('findDependency', () => {
  test('finds the kernel of the day', async () => {
    const run = answers(
      'Package: linux-image-cloud-amd64\nDepends: linux-base, linux-image-6.1.0-50-cloud-amd64 (= 6.1.176-1)\n',
    );
    expect(await findDependency('linux-image-cloud-amd64', /^linux-image-\d/, { run })).toBe(
      'linux-image-6.1.0-50-cloud-amd64',
    );
  });

  test('says when there is none', async () => {
    const found = findDependency('x', /^linux-image-\d/, { run: answers('Package: x\n') });
    await expect(found).rejects.toMatchObject({ code: 'PACKAGES_UNAVAILABLE' });
  });
});

describe('unpackPackages', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quintupleo-packages-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const wanted = [{ name: 'one', file: 'one_1_amd64.deb', sha256 }];

  test('downloads into the cache and unpacks from there', async () => {
    const calls: string[] = [];
    const run: RunProgram = async (program, args, options) => {
      calls.push([program, ...args].join(' '));
      if (program === 'flock') await writeFile(join(options.cwd ?? '', 'one_1_amd64.deb'), '');
      return { status: 0, stdout: '', stderr: '' };
    };
    const cache = join(folder, 'cache');
    await unpackPackages(wanted, { cache, into: '/somewhere' }, { run });
    expect(calls).toEqual([
      `flock --no-fork ${join(cache, 'lock')} apt-get download one`,
      `dpkg-deb -x ${join(cache, 'one_1_amd64.deb')} /somewhere`,
    ]);
  });

  test('notices another version than the one that was found', async () => {
    const run: RunProgram = async (_program, _args, options) => {
      await writeFile(join(options.cwd ?? '', 'one_2_amd64.deb'), '');
      return { status: 0, stdout: '', stderr: '' };
    };
    const unpacked = unpackPackages(wanted, { cache: folder, into: folder }, { run });
    await expect(unpacked).rejects.toThrow('apt-get did not download one as one_1_amd64.deb');
  });
});
