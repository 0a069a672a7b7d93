// What nodes are deployed with: make-image.js FOLDER. Made from Debian's packages, which needs the network; leaves
// FOLDER/image.json for the tests, which have none. Uses the built project.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deployFiles } from '../../../../dist/boot/deploy-files.js';

const folder = process.argv[2];
const files = await deployFiles({ cache: folder, onProgress: message => console.error(`==> ${message}`) });

// For UEFI machines the agent wants partitions with UUIDs, so a GUID partition table. Its second copy is at the disk's end.
const path = join(folder, 'disk-gpt.img');
const size = files.image.size + 2 ** 20;
await copyFile(files.image.path, path);
await truncate(path, size);
execFileSync('/usr/sbin/sgdisk', ['--mbrtogpt', '--typecode=1:EF00', path], { stdio: 'ignore' });
const sha256 = createHash('sha256')
  .update(await readFile(path))
  .digest('hex');
await writeFile(join(folder, 'image.json'), JSON.stringify({ ...files, uefi: { path, size, sha256 } }));
