#!/usr/bin/env node
// Writes docs/lab-file.md and schema/lab.schema.json from the lab file's schema. Needs `npm run build` first.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { labFileDocs } = await import('../dist/lab/lab-file-docs.js');
const { labFileJsonSchema } = await import('../dist/lab/schema.js');

write('docs/lab-file.md', labFileDocs());
write('schema/lab.schema.json', `${JSON.stringify(labFileJsonSchema(), null, 2)}\n`);
execFileSync('npx', ['biome', 'format', '--write', 'schema/lab.schema.json'], { cwd: root, stdio: 'ignore' });

function write(path, text) {
  const file = resolve(root, path);
  mkdirSync(resolve(file, '..'), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}
