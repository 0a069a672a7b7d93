// What nodes are deployed with: make-image.js FOLDER. Made from Debian's packages, which needs the network; leaves
// FOLDER/image.json for the tests, which have none. Uses the built project.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deployFiles, kernelArguments } from '../../../../dist/boot/deploy-files.js';

const folder = process.argv[2];
const image = await deployFiles({ cache: folder, onProgress: message => console.error(`==> ${message}`) });
const uefi = await withGuidPartitions(image.image, join(folder, 'disk-gpt.img'));
const partition = await partitionImage(image, join(folder, 'partition.img'));
await writeFile(join(folder, 'image.json'), JSON.stringify({ ...image, uefi, partition }));

/** The same image for UEFI machines: there the agent wants partitions with UUIDs, so a GUID partition table. */
async function withGuidPartitions(original, path) {
  await copyFile(original.path, path);
  // The table's second copy is at the disk's end.
  await truncate(path, original.size + 2 ** 20);
  run('/usr/sbin/sgdisk', '--mbrtogpt', '--typecode=1:EF00', path);
  return described(path);
}

/**
 * A root file system for UEFI machines, which the agent puts into a partition that it makes. What is below boot/efi in
 * it goes to the EFI system partition: GRUB, which finds kernel and ramdisk by the file system's label.
 */
async function partitionImage({ kernel, ramdisk }, path) {
  const label = 'quintupleo';
  const scraps = await mkdtemp(join(folder, 'scraps-'));
  const root = join(scraps, 'root');
  const loader = join(root, 'boot/efi/EFI/BOOT/BOOTX64.EFI');
  for (const name of ['boot/efi/EFI/BOOT', 'dev', 'etc', 'proc', 'run', 'sys']) {
    await mkdir(join(root, name), { recursive: true });
  }
  await copyFile(kernel, join(root, 'boot/vmlinuz'));
  await copyFile(ramdisk, join(root, 'boot/initrd'));
  await writeFile(join(root, 'etc/fstab'), `LABEL=${label} / ext4 defaults 0 1\n`);
  const config = join(scraps, 'grub.cfg');
  const commands = [
    `search --label --set=root ${label}`,
    `linux /boot/vmlinuz ${kernelArguments} quintupleo.stage=disk`,
    'initrd /boot/initrd',
    'boot',
  ];
  await writeFile(config, `${commands.join('\n')}\n`);
  const modules = ['part_gpt', 'fat', 'ext2', 'search', 'search_label', 'linux', 'boot'];
  run('/usr/bin/grub-mkimage', '-O', 'x86_64-efi', '-p', '/', '-c', config, '-o', loader, ...modules);
  await rm(path, { force: true });
  run('/usr/sbin/mke2fs', '-q', '-t', 'ext4', '-L', label, '-d', root, path, '32M');
  await rm(scraps, { recursive: true });
  return described(path);
}

async function described(path) {
  const { size } = await stat(path);
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { path, size, sha256 };
}

function run(program, ...args) {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
