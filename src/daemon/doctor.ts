import { createSocket } from 'node:dgram';
import { access, constants, open, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { OpenStack } from '../drivers/openstack/client/openstack.ts';
import { examineCloud } from '../drivers/openstack/examination.ts';
import { chooseAccelerator } from '../drivers/qemu/accelerator.ts';
import type { DriverChoice, LabDefinition } from '../lab/definition.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { type Finding, fine } from '../support/finding.ts';
import { overlap, parseCidr } from '../support/ipv4.ts';
import { createLog } from '../support/log.ts';
import type { Paths } from '../support/paths.ts';
import { version } from '../support/version.ts';
import type { DaemonStatus } from './api.ts';
import { type CloudsSources, openCloud } from './cloud-access.ts';
import { ipmiListeners, redfishListeners } from './lab-ports.ts';
import type { Listener } from './port-choice.ts';

/** What the doctor looks at. */
export interface DoctorOptions {
  readonly paths: Paths;
  /** Folders that programs are looked for in, as in `PATH`. */
  readonly path: string;
  /** A lab that shall run here. */
  readonly lab: LabDefinition | undefined;
  /** The cloud that the lab, or any lab, shall run on; `undefined`: this host. */
  readonly cloud: CloudsSources | undefined;
  readonly signal: AbortSignal;
  /** What the daemon says of itself, or why it does not; undefined if none runs. */
  readonly daemon: DaemonStatus | QuintupleoError | undefined;
  /** Labs that are up: what they take is not taken from them. */
  readonly labsUp: readonly string[];
}

/** A Debian package that this project needs, as in `requirements.json`. */
interface Requirement {
  readonly package: string;
  /** A program, or a file, by which it is recognised. */
  readonly program?: string;
  readonly file?: string;
  readonly why: string;
  readonly neededFor: readonly ('run' | 'test' | 'build')[];
  /** The only driver that needs it; `undefined`: all, apart from simulations. */
  readonly driver?: DriverChoice['name'];
}

const oldestNode: readonly [number, number] = [20, 19];

/** Looks whether this host, or a cloud, can run labs; each finding as it is made. Needs no daemon. */
export async function* examine(options: DoctorOptions): AsyncIterable<Finding> {
  yield checkNode(process.versions.node);
  const driver = options.cloud ? 'openstack' : (options.lab?.driver.name ?? 'qemu');
  yield* checkPrograms(options.path, driver);
  if (driver === 'qemu') {
    yield await checkAccelerator();
    yield await checkBridges();
  }
  yield await checkState(options.paths.stateDirectory);
  yield checkDaemon(options.daemon);
  if (options.lab) yield* checkLab(options.lab, options.labsUp.includes(options.lab.spec.name));
  if (options.cloud) yield* checkCloud(options.cloud, options.lab, options.signal);
}

async function* checkCloud(
  sources: CloudsSources,
  lab: LabDefinition | undefined,
  signal: AbortSignal,
): AsyncIterable<Finding> {
  let cloud: OpenStack;
  try {
    cloud = await openCloud(sources, createLog('silent'));
  } catch (error) {
    if (!(error instanceof QuintupleoError)) throw error;
    yield { check: 'cloud', result: 'fail', message: error.message, remedy: error.remedy };
    return;
  }
  await using openstack = cloud;
  const { name, verify } = openstack.config;
  if (!verify) {
    const message = 'its certificates are not checked: whoever is on the way to it can read and change all';
    const remedy = 'Give its CA in clouds.yaml as "cacert", and remove "verify: false".';
    yield { check: `cloud ${name}`, result: 'warn', message, remedy };
  }
  yield* examineCloud(openstack, lab?.spec, signal);
}

function checkNode(installed: string): Finding {
  const [major = 0, minor = 0] = installed.split('.').map(Number);
  const recent = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (recent) return fine('Node.js', installed);
  const remedy = `Install ${oldestNode.join('.')} or newer.`;
  return { check: 'Node.js', result: 'fail', message: `${installed} is too old`, remedy };
}

async function* checkPrograms(path: string, driver: DriverChoice['name']): AsyncIterable<Finding> {
  const file = new URL('../../requirements.json', import.meta.url);
  const requirements: readonly Requirement[] = JSON.parse(await readFile(file, 'utf8'));
  for (const requirement of requirements.filter(({ neededFor }) => neededFor.includes('run'))) {
    const check = `package ${requirement.package}`;
    if (await isInstalled(requirement, path)) {
      yield fine(check, requirement.why);
      continue;
    }
    const needed = driver !== 'simulated' && (requirement.driver ?? driver) === driver;
    const message = `${requirement.program ?? requirement.file} is not there: ${requirement.why}`;
    const remedy = `Install it: apt-get install ${requirement.package}`;
    yield { check, result: needed ? 'fail' : 'warn', message, remedy };
  }
}

async function isInstalled({ program, file }: Requirement, path: string): Promise<boolean> {
  // The programs of the administrator are often outside a user's search path.
  const folders = [...path.split(delimiter), '/usr/sbin', '/sbin'];
  const candidates = file === undefined ? folders.map(folder => join(folder, program ?? '')) : [file];
  for (const candidate of candidates) {
    const mode = file === undefined ? constants.X_OK : constants.R_OK;
    const found = await access(candidate, mode).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

async function checkAccelerator(): Promise<Finding> {
  const check = 'KVM';
  try {
    const { name, reason } = await chooseAccelerator('auto');
    if (name === 'kvm') return fine(check, `usable: ${reason}`);
    const remedy =
      'Machines run in software, slowly. For KVM, enable virtualisation and add the user to group kvm.';
    return { check, result: 'warn', message: reason, remedy };
  } catch (error) {
    const remedy = 'Install the Debian package qemu-system-x86.';
    return { check, result: 'warn', message: `could not be tried: ${messageOf(error)}`, remedy };
  }
}

// CAP_NET_ADMIN. @see capabilities(7)
const netAdmin = 12n;

async function checkBridges(): Promise<Finding> {
  const check = 'bridges';
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const problem =
    ((effective >> netAdmin) & 1n) === 0n
      ? 'this user may not make network devices'
      : await stat('/dev/net/tun').then(
          () => undefined,
          () => 'there is no /dev/net/tun',
        );
  if (problem === undefined) return fine(check, 'can be made');
  const remedy =
    "Networks are made of QEMU's user networking, in which nodes do not see each other. For bridges, run as root.";
  return { check, result: 'warn', message: problem, remedy };
}

async function checkState(folder: string): Promise<Finding> {
  const check = 'state';
  for (let place = folder; ; place = dirname(place)) {
    try {
      await access(place, constants.R_OK | constants.W_OK | constants.X_OK);
      return fine(check, place === folder ? `${folder} can be written` : `${folder} can be made`);
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT' && place !== dirname(place)) continue;
      const remedy = 'Set QUINTUPLEO_STATE_DIR to a folder of yours, or run as root.';
      return { check, result: 'fail', message: messageOf(error), remedy };
    }
  }
}

function checkDaemon(status: DoctorOptions['daemon']): Finding {
  const check = 'daemon';
  if (!status) return fine(check, 'does not run; "up" starts it');
  if (status instanceof QuintupleoError) {
    return { check, result: 'fail', message: status.message, remedy: status.remedy };
  }
  if (status.version === version)
    return fine(check, `runs, version ${status.version}, process ${status.pid}`);
  const message = `runs version ${status.version}, this is ${version}`;
  const remedy = 'Run "quintupleo quit" and then "up", which starts the new one. Labs stay as they are.';
  return { check, result: 'warn', message, remedy };
}

async function* checkLab(lab: LabDefinition, isUp: boolean): AsyncIterable<Finding> {
  if (isUp) {
    yield fine('lab', `${lab.spec.name} is up: its ports and networks are its own`);
    return;
  }
  yield* checkPorts(lab);
  if (lab.driver.name === 'qemu') yield checkNetworks(lab);
  const memory = await checkMemory(lab);
  if (memory) yield memory;
}

async function* checkPorts(lab: LabDefinition): AsyncIterable<Finding> {
  yield* checkListeners('BMC ports', ipmiListeners(lab), 'BMCs', tryUdpPort);
  yield* checkListeners('Redfish ports', redfishListeners(lab), 'Redfish services', tryTcpPort);
}

async function* checkListeners(
  check: string,
  listeners: readonly Listener[],
  what: string,
  tryPort: (address: string, port: number) => Promise<PortProblem | undefined>,
): AsyncIterable<Finding> {
  let free = 0;
  for (const { name, address, port } of listeners) {
    const problem = await tryPort(address, port ?? 0);
    if (problem === undefined) {
      free++;
      continue;
    }
    const message = `${name || 'the lab'}: ${address}:${port ?? '*'} ${problem.message}`;
    yield { check, result: 'fail', message, remedy: problem.remedy };
  }
  if (free > 0) yield fine(check, `${free} of ${listeners.length} ${what} can listen`);
}

interface PortProblem {
  readonly message: string;
  readonly remedy: string;
}

function tryUdpPort(address: string, port: number): Promise<PortProblem | undefined> {
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    socket.once('error', error => {
      socket.close();
      resolve(portProblem(error));
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}

function tryTcpPort(address: string, port: number): Promise<PortProblem | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', error => resolve(portProblem(error)));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function portProblem(error: Error): PortProblem {
  switch (systemCodeOf(error)) {
    case 'EADDRINUSE':
      return {
        message: 'is taken',
        remedy: 'End who listens there, or choose another port in the lab file.',
      };
    case 'EACCES':
      return {
        message: 'may not be used',
        remedy: 'Run as root, or choose a port from 1024 on in the lab file.',
      };
    case 'EADDRNOTAVAIL':
      return {
        message: 'is no address of this host',
        remedy: 'Add it to an interface (ip address add), or choose another one in the lab file.',
      };
    default:
      return { message: messageOf(error), remedy: 'Choose another address in the lab file.' };
  }
}

function checkNetworks(lab: LabDefinition): Finding {
  const check = 'networks';
  for (const { name, cidr } of lab.spec.networks) {
    const range = parseCidr(cidr);
    for (const [device, addresses] of Object.entries(networkInterfaces())) {
      const clash = addresses?.find(address => {
        const other = address.cidr === null ? undefined : parseCidr(address.cidr);
        return range !== undefined && other !== undefined && overlap(range, other);
      });
      if (!clash) continue;
      const message = `${name} (${cidr}) overlaps ${clash.cidr} of this host's ${device}`;
      return { check, result: 'fail', message, remedy: 'Choose another range in the lab file.' };
    }
  }
  return fine(check, "overlap none of this host's");
}

/** Bytes of memory that the host can still give. */
async function availableMemory(): Promise<number | undefined> {
  const file = await open('/proc/meminfo').catch(() => undefined);
  if (!file) return undefined;
  await using _file = file;
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(await file.readFile('utf8'));
  return match ? Number(match[1]) * 1024 : undefined;
}

async function checkMemory(lab: LabDefinition): Promise<Finding | undefined> {
  const available = await availableMemory();
  if (lab.driver.name !== 'qemu' || available === undefined) return undefined;
  const check = 'memory';
  const wanted = lab.spec.nodes.reduce((sum, node) => sum + node.memory, 0);
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const message = `the nodes have ${gib(wanted)}, the host can give ${gib(available)}`;
  if (wanted <= available) return fine(check, message);
  const remedy = 'Power on fewer nodes at a time, or give them less memory.';
  return { check, result: 'warn', message, remedy };
}
