// What nodes are deployed with: make-image.js FOLDER. Made from Debian's packages, which needs the network; leaves
// FOLDER/image.json for the tests, which have none. Uses the built project.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deployFiles } from '../../../../dist/boot/deploy-files.js';

const folder = process.argv[2];
const files = await deployFiles({ cache: folder, onProgress: message => console.error(`==> ${message}`) });
await writeFile(join(folder, 'image.json'), JSON.stringify(files));
