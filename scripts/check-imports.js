#!/usr/bin/env node
// Holds the house's one rule of direction: a room imports only from the rooms listed for it.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** What each room under src/ may import, besides itself. */
const mayImport = {
  support: [],
  host: ['support'],
  node: ['support'],
  faults: ['node', 'support'],
  boot: ['node', 'host', 'support'],
  console: ['support'],
  appliance: ['boot', 'host', 'node', 'support'],
  drivers: ['node', 'host', 'support'],
  bmc: ['node', 'support'],
  lab: ['faults', 'node', 'support'],
  enrol: ['lab', 'node', 'support'],
  daemon: ['lab', 'enrol', 'bmc', 'boot', 'appliance', 'drivers', 'faults', 'node', 'host', 'support'],
  cli: ['daemon', 'lab', 'enrol', 'console', 'faults', 'node', 'support'],
};

/** Siblings in one folder that must not know each other. */
const strangers = [
  ['bmc/ipmi', 'bmc/redfish'],
  ['drivers/qemu', 'drivers/simulated'],
  ['drivers/qemu', 'drivers/openstack'],
  ['drivers/openstack', 'drivers/simulated'],
];

/**
 * The rooms of the Redfish face, highest first: each knows only those below it. What is in none of them (the
 * contracts model.ts, resource.ts, settings.ts, json.ts) everybody may know, and api.ts knows all.
 */
const redfishFloors = [
  ['bmc/redfish/api.ts'],
  ['bmc/redfish/resources/', 'bmc/redfish/http/'],
  ['bmc/redfish/update/', 'bmc/redfish/tasks/', 'bmc/redfish/events/', 'bmc/redfish/access/'],
  ['bmc/redfish/media/'],
  ['bmc/redfish/nodes/'],
  ['bmc/redfish/protocol/'],
  ['bmc/redfish/messages/'],
];
const floorOf = path => redfishFloors.findIndex(rooms => rooms.some(room => path.startsWith(room)));

const problems = [];
const files = listSources('src');
for (const file of files) {
  const from = posix.normalize(relative(resolve(root, 'src'), file));
  const room = from.split('/')[0];
  const allowed = mayImport[room];
  if (!allowed) {
    problems.push(`src/${from}: the room "${room}" is not in scripts/check-imports.js`);
    continue;
  }
  for (const target of importsOf(file)) {
    const to = posix.normalize(relative(resolve(root, 'src'), resolve(dirname(file), target)));
    const toRoom = to.split('/')[0];
    if (toRoom !== room && !allowed.includes(toRoom)) {
      problems.push(
        `src/${from}: imports ${to}, but ${room}/ may import only ${allowed.join(', ') || 'nothing'}`,
      );
    }
    const [floor, toFloor] = [floorOf(from), floorOf(to)];
    if (floor >= 0 && toFloor >= 0 && toFloor < floor) {
      problems.push(`src/${from}: imports ${to}, which is above it`);
    }
    for (const [one, other] of strangers) {
      if (
        (from.startsWith(`${one}/`) && to.startsWith(`${other}/`)) ||
        (from.startsWith(`${other}/`) && to.startsWith(`${one}/`))
      ) {
        problems.push(`src/${from}: imports ${to}; ${one}/ and ${other}/ do not know each other`);
      }
    }
  }
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`imports run one way in ${files.length} files`);

function listSources(folder) {
  return readdirSync(resolve(root, folder), { recursive: true })
    .filter(name => name.endsWith('.ts'))
    .map(name => resolve(root, folder, name));
}

function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(match => match[1]);
}
