import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DeployFiles } from '../../../src/boot/deploy-files.ts';
import { httpPort } from './ironic-conf.ts';
import { address, cache } from './places.ts';

/** One boot of the agent's ramdisk under software emulation, and what is done then. Milliseconds. */
export const boot = 1_200_000;

/** What a system that has been deployed says when it has been started from the disk. */
export const deployed = 'quintupleo: stage disk';

type Image = DeployFiles['image'];

/** What is deployed: scripts/test-ironic has made it. */
export const { image, uefiImage, partitionImage } = made();

function made(): { readonly image: DeployFiles; readonly uefiImage: Image; readonly partitionImage: Image } {
  const { uefi, partition, ...image } = JSON.parse(readFileSync(join(cache, 'image.json'), 'utf8'));
  return { image, uefiImage: uefi, partitionImage: partition };
}

/** The ramdisk with the agent, as `driver_info` names it. */
export const agent = {
  kernel: `file://${join(cache, 'ramdisk', 'ipa.kernel')}`,
  ramdisk: `file://${join(cache, 'ramdisk', 'ipa.initramfs')}`,
} as const;

/** How Ironic is told of an image. */
export function instanceOf({ path, sha256 }: Image, type: 'whole-disk' | 'partition') {
  return {
    image_source: `http://${address}:${httpPort}/${basename(path)}`,
    image_os_hash_algo: 'sha256',
    image_os_hash_value: sha256,
    image_disk_format: 'raw',
    image_type: type,
  };
}

/** What a deployed system is told, as Ironic takes it to make a config drive of. */
export const configdrive = {
  meta_data: { name: 'told', 'public-keys': {} },
  user_data: '#cloud-config\nfqdn: told.example.com\n',
} as const;
