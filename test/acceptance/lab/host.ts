import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabStatus, NodeStatus } from '../../../src/daemon/api.ts';
import { type MachinePaths, machinePaths, networkPaths } from '../../../src/drivers/qemu/layout.ts';
import { bridgeProblem } from '../../../src/drivers/qemu/links.ts';

const program = fileURLToPath(new URL('../../../bin/quintupleo.js', import.meta.url));

/** Longest run of a command, usually. Milliseconds. */
const usualBound = 420_000;

export const hasQemu = existsSync('/usr/bin/qemu-system-x86_64') && existsSync('/usr/bin/ipmitool');

/** Whether bridges can be made, so that labs have a network with a DHCP server of their own. */
export const hasBridges = hasQemu && (await bridgeProblem()) === undefined;

/** How a command ended. */
export interface Ended {
  /** `undefined` for one that was killed. */
  readonly status: number | undefined;
  readonly out: string;
  /** Both streams. */
  readonly text: string;
}

/** A command that runs. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves when it has printed that, or has ended. */
  readonly says: (text: string) => Promise<void>;
  readonly kill: () => void;
  /** As Ctrl-C does. */
  readonly interrupt: () => void;
}

/** A process that works for the labs. */
export interface Worker {
  readonly pid: number;
  readonly kind: 'cli' | 'daemon' | 'qemu' | 'dnsmasq' | 'other';
  readonly commandLine: string;
}

/** What a lab file of the tests says. */
export interface LabContent {
  readonly name: string;
  readonly cidr: string;
  /** Port of the first BMC. */
  readonly port: number;
  readonly nodes: number;
  readonly memory?: string;
  readonly networking?: 'auto' | 'user';
}

export const password = 'only-a-test';

/** A host as the command line sees it: folders of its own, in which nothing else works. */
export class Host implements AsyncDisposable {
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #bound: number;
  readonly #labs = new Map<string, LabContent>();
  /** Labs of files that were written as they are. */
  readonly #others = new Set<string>();

  private constructor(folder: string, environment: NodeJS.ProcessEnv, bound: number) {
    this.#folder = folder;
    this.#environment = environment;
    this.#bound = bound;
  }

  /**
   * @param environment - what the commands find in theirs, besides what is of this host
   * @param bound - longest run of a command, in milliseconds
   */
  static async create(environment: NodeJS.ProcessEnv = process.env, bound = usualBound): Promise<Host> {
    const folder = await mkdtemp(join(tmpdir(), 'q5o-lab-'));
    await mkdir(join(folder, 'cache'));
    return new Host(folder, environment, bound);
  }

  /** The daemon's, where there is one. */
  get controlSocket(): string {
    return join(this.#folders().runtimeDirectory, 'control.sock');
  }

  /** Writes a lab file as it is, and returns its path. */
  async file(lab: string, text: string): Promise<string> {
    this.#others.add(lab);
    return this.write(`${lab}.yaml`, text);
  }

  /** Writes any file, and returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, text);
    return path;
  }

  /** What the daemon keeps in a file of its state directory. */
  async kept(path: string): Promise<unknown> {
    return JSON.parse(await readFile(join(this.#folders().stateDirectory, path), 'utf8')) as unknown;
  }

  /** Writes a lab file and returns its path. */
  async lab(content: LabContent): Promise<string> {
    const { name, cidr, port, nodes, memory = '64MiB', networking = 'auto' } = content;
    const known = this.#labs.get(name);
    this.#labs.set(name, { ...content, nodes: Math.max(nodes, known?.nodes ?? 0) });
    const path = join(this.#folder, `${name}.yaml`);
    const text = `lab: ${name}
driver: { name: qemu, networking: ${networking} }
networks:
  net: { cidr: ${cidr}, dhcp: true }
nodes:
  - { name: 'n{index}', count: ${nodes}, memory: ${memory}, disks: [64MiB], nics: [net] }
bmc: { username: admin, password: ${password}, ipmi: { address: 127.0.0.1, port: ${port} } }
`;
    await writeFile(path, text);
    return path;
  }

  start(...args: readonly string[]): Running {
    return follow(spawn(process.execPath, [program, ...args], this.#options()));
  }

  cli(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** Runs a command that must succeed, and returns what it printed. */
  async done(...args: readonly string[]): Promise<string> {
    const { status, out, text } = await this.cli(...args);
    if (status !== 0) throw new Error(`${args.join(' ')} ended with status ${status}:\n${text}`);
    return out;
  }

  async status(lab: string): Promise<LabStatus> {
    const labs = JSON.parse(await this.done('status', lab, '--json')) as readonly LabStatus[];
    const [status] = labs;
    if (!status) throw new Error(`no status of ${lab}`);
    return status;
  }

  async node(lab: string, name: string): Promise<NodeStatus> {
    const node = (await this.status(lab)).nodes.find(one => one.name === name);
    if (!node) throw new Error(`no status of ${lab}/${name}`);
    return node;
  }

  /** Asks a BMC, and returns what ipmitool printed. */
  async ipmitool(port: number, ...args: readonly string[]): Promise<string> {
    const where = ['-I', 'lanplus', '-H', '127.0.0.1', '-p', String(port), '-U', 'admin', '-P', password];
    return (await follow(spawn('ipmitool', [...where, ...args], this.#options())).ended).text;
  }

  /** Every process that works for this host's labs, known by its environment or its arguments. */
  async workers(): Promise<readonly Worker[]> {
    const workers: Worker[] = [];
    for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
      const [argv = '', environment = ''] = await Promise.all(
        ['cmdline', 'environ'].map(file => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      );
      if (argv === '' || !(argv + environment).includes(this.#folder)) continue;
      const commandLine = argv.split('\0').join(' ');
      workers.push({ pid: Number(pid), kind: kindOf(commandLine), commandLine });
    }
    return workers;
  }

  /** Where a node's machine keeps its things. */
  machine(lab: string, node: string): MachinePaths {
    return machinePaths(this.#folders(), lab, node);
  }

  /** The QEMU process of a node, if it runs. */
  async qemuOf(lab: string, node: string): Promise<Worker | undefined> {
    const workers = await this.workers();
    return workers.find(({ commandLine }) => commandLine.includes(`guest=${lab}/${node},`));
  }

  /** The file of a node's disk. */
  diskOf(lab: string, node: string, disk = 'disk-0'): string {
    return machinePaths(this.#folders(), lab, node).disk(disk);
  }

  /** Kills processes as a crash does. */
  async kill(...kinds: readonly Worker['kind'][]): Promise<number> {
    const victims = (await this.workers()).filter(({ kind }) => kinds.includes(kind));
    for (const { pid } of victims) kill(pid);
    return victims.length;
  }

  async deleteBridge(lab: string): Promise<void> {
    const { bridge } = networkPaths(this.#folders(), lab, 'net');
    await follow(spawn('ip', ['link', 'delete', bridge], this.#options())).ended;
  }

  /** What is on this host of the labs: nothing, once they are down. */
  async traces(): Promise<readonly string[]> {
    const traces = (await this.workers()).map(({ commandLine }) => `process ${commandLine}`);
    const links = await readdir('/sys/class/net');
    const udp = await readFile('/proc/net/udp', 'utf8');
    for (const { name, nodes, port } of this.#labs.values()) {
      const ours = [networkPaths(this.#folders(), name, 'net').bridge];
      for (let index = 0; index < nodes; index++) {
        ours.push(machinePaths(this.#folders(), name, `n${index}`).tap(0));
        const bound = `0100007F:${(port + index).toString(16).toUpperCase().padStart(4, '0')} `;
        if (udp.includes(bound)) traces.push(`UDP port ${port + index}`);
      }
      traces.push(...ours.filter(link => links.includes(link)).map(link => `link ${link}`));
    }
    for (const folder of Object.values(this.#folders())) {
      const files = await readdir(folder, { recursive: true }).catch(() => []);
      traces.push(...files.map(file => join(folder, file)));
    }
    return traces;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#labs.keys(), ...this.#others]) await this.cli('down', name);
    for (const { pid } of await this.workers()) kill(pid);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #folders() {
    return { stateDirectory: join(this.#folder, 'state'), runtimeDirectory: join(this.#folder, 'run') };
  }

  #options() {
    const { stateDirectory, runtimeDirectory } = this.#folders();
    const env = {
      QUINTUPLEO_CACHE_DIR: join(this.#folder, 'cache'),
      ...this.#environment,
      NO_COLOR: '1',
      QUINTUPLEO_STATE_DIR: stateDirectory,
      QUINTUPLEO_RUNTIME_DIR: runtimeDirectory,
    };
    return { cwd: this.#folder, env, timeout: this.#bound, killSignal: 'SIGKILL' } as const;
  }
}

function kindOf(commandLine: string): Worker['kind'] {
  if (commandLine.includes('quintupleo.js serve')) return 'daemon';
  if (commandLine.includes('quintupleo.js')) return 'cli';
  if (commandLine.startsWith('qemu-system')) return 'qemu';
  if (commandLine.startsWith('dnsmasq')) return 'dnsmasq';
  return 'other';
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function follow(child: ChildProcess): Running {
  let out = '';
  let text = '';
  const watchers = new Set<() => void>();
  const tell = () => {
    for (const watcher of watchers) watcher();
  };
  child.stdout?.on('data', chunk => {
    out += chunk;
    text += chunk;
    tell();
  });
  child.stderr?.on('data', chunk => {
    text += chunk;
    tell();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', status => resolve({ status: status ?? undefined, out, text }));
  });
  const said = (wanted: string) =>
    new Promise<void>(resolve => {
      const look = () => {
        if (text.includes(wanted)) resolve();
      };
      watchers.add(look);
      look();
    });
  return {
    ended,
    says: async wanted => {
      await Promise.race([said(wanted), ended]);
    },
    kill: () => {
      child.kill('SIGKILL');
    },
    interrupt: () => {
      child.kill('SIGINT');
    },
  };
}
