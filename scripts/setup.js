#!/usr/bin/env node
// Installs what this checkout needs and does not have: setup.js run|test [--quiet]
// Says what and why. Uses nothing but Node.js itself, since it is the first thing to run after a clone.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const purpose = process.argv[2];
if (purpose !== 'run' && purpose !== 'test') {
  console.error('usage: scripts/setup.js run|test');
  process.exit(2);
}

checkNode();
installLibraries();
installPrograms();
run('npm', ['run', '--silent', 'build'], 'building');

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`Node.js ${process.versions.node} is too old`, 'Install 20.19 or newer.');
}

function installLibraries() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && sameVersions(lock, readFileSync(installed, 'utf8'))) return;
  run('npm', ['ci', '--no-audit', '--no-fund'], 'installing the libraries of package-lock.json (npm ci)');
}

/** Whether npm's own record of what it has installed is what the lock file asks for on this platform. */
function sameVersions(wanted, present) {
  const versions = text => JSON.parse(text).packages;
  const there = versions(present);
  return Object.entries(versions(wanted)).every(
    ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
  );
}

function installPrograms() {
  const requirements = JSON.parse(readFileSync(join(root, 'requirements.json'), 'utf8'));
  const missing = requirements.filter(
    ({ neededFor, program, file }) =>
      neededFor.includes(purpose) && !(program ? findProgram(program) : existsSync(file)),
  );
  if (missing.length === 0) return;
  const list = missing.map(({ package: name, why }) => `    ${name.padEnd(18)} ${why}`).join('\n');
  const names = missing.map(({ package: name }) => name);
  const asRoot = rootPrefix();
  if (!findProgram('apt-get') || asRoot === undefined) {
    const how = findProgram('apt-get') ? `sudo apt-get install ${names.join(' ')}` : names.join(', ');
    console.error(`missing, and not installed for want of root: ${how}`);
    return;
  }
  console.error(`==> installing from Debian's packages:\n${list}`);
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-o', 'Dpkg::Use-Pty=0'];
  runQuietly(apt[0], [...apt.slice(1), 'update']);
  runQuietly(apt[0], [...apt.slice(1), 'install', '-y', '--no-install-recommends', ...names]);
}

/** What a command is prefixed with to be root; `undefined` if that cannot be had. */
function rootPrefix() {
  if (process.getuid() === 0) return [];
  // Asks for a password only where somebody can type one.
  const probe = spawnSync('sudo', process.stdin.isTTY ? ['-v'] : ['-n', 'true'], { stdio: 'inherit' });
  return probe.status === 0 ? ['sudo'] : undefined;
}

function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some(folder => existsSync(join(folder, name)));
}

function run(program, parameters, title) {
  if (title) console.error(`==> ${title}`);
  // Programs talk to standard error, so that standard output stays the caller's.
  const { status, error } = spawnSync(program, parameters, {
    cwd: root,
    stdio: ['inherit', process.stderr, 'inherit'],
  });
  if (error) fail(`${program}: ${error.message}`, 'Is it installed and on the PATH?');
  if (status !== 0) fail(`"${program} ${parameters.join(' ')}" failed`, 'Its own message is above.');
}

/** Runs a program whose words matter only when it fails. */
function runQuietly(program, parameters) {
  const { status, error, stdout, stderr } = spawnSync(program, parameters, { cwd: root, encoding: 'utf8' });
  if (error) fail(`${program}: ${error.message}`, 'Is it installed and on the PATH?');
  if (status === 0) return;
  console.error(stdout + stderr);
  fail(`"${program} ${parameters.join(' ')}" failed`, 'Its own message is above.');
}

function fail(what, remedy) {
  console.error(`error: ${what}. ${remedy}`);
  process.exit(1);
}
