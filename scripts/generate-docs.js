#!/usr/bin/env node
// Writes the references that are made from the code: docs/lab-file.md and schema/lab.schema.json from the lab file's
// schema, schema/enrolment.schema.json from that of enrolments, docs/coming-from-ovb.md from the importer, docs/cli.md
// from the commands, docs/ipmi.md from the BMC's.
// Needs `npm run build` first.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { ipmiDocs } = await import('../dist/bmc/ipmi/docs.js');
const { cliDocs } = await import('../dist/cli/docs.js');
const { createProgram } = await import('../dist/cli/program.js');
const { enrolmentJsonSchema } = await import('../dist/enrol/enrolment.js');
const { labFileDocs } = await import('../dist/lab/lab-file-docs.js');
const { ovbDocs } = await import('../dist/lab/ovb/ovb-docs.js');
const { labFileJsonSchema } = await import('../dist/lab/schema.js');

write('docs/cli.md', cliDocs(createProgram({ out: process.stdout, err: process.stderr })));
write('docs/coming-from-ovb.md', ovbDocs());
write('docs/ipmi.md', ipmiDocs());
write('docs/lab-file.md', labFileDocs());
write('schema/lab.schema.json', `${JSON.stringify(labFileJsonSchema(), null, 2)}\n`);
write('schema/enrolment.schema.json', `${JSON.stringify(enrolmentJsonSchema(), null, 2)}\n`);
execFileSync('npx', ['biome', 'format', '--write', 'schema'], { cwd: root });

function write(path, text) {
  const file = resolve(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}
