// What nodes are deployed with: make-image.js FOLDER. Made from Debian's packages, which needs the network; leaves
// FOLDER/image.json for the tests, which have none. Uses the built project.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deployFiles, kernelArguments } from '../../../../dist/boot/deploy-files.js';

const folder = process.argv[2];
const image = await deployFiles({ cache: folder, onProgress: message => console.error(`==> ${message}`) });
const uefi = await withGuidPartitions(image.image, join(folder, 'disk-gpt.img'));
await writeFile(join(folder, 'image.json'), JSON.stringify({ ...image, uefi }));

/**
 * The same image for UEFI machines: there the agent wants partitions with UUIDs, so a GUID partition table, and GRUB must
 * read that.
 */
async function withGuidPartitions(original, path) {
  // The table's second copy is at the disk's end.
  const size = original.size + 2 ** 20;
  await copyFile(original.path, path);
  await truncate(path, size);
  run('/usr/sbin/sgdisk', '--mbrtogpt', '--typecode=1:EF00', path);

  const scraps = await mkdtemp(join(folder, 'scraps-'));
  const config = join(scraps, 'grub.cfg');
  const grub = join(scraps, 'BOOTX64.EFI');
  await writeFile(config, `linux /vmlinuz ${kernelArguments} quintupleo.stage=disk\ninitrd /initrd\nboot\n`);
  const modules = ['part_gpt', 'fat', 'linux', 'boot'];
  run('/usr/bin/grub-mkimage', '-O', 'x86_64-efi', '-p', '/', '-c', config, '-o', grub, ...modules);
  run('/usr/bin/mcopy', '-o', '-i', `${path}@@1M`, grub, '::/EFI/BOOT/BOOTX64.EFI');
  await rm(scraps, { recursive: true });

  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { path, size, sha256 };
}

function run(program, ...args) {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
