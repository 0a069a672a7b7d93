import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenStack } from '../../../src/drivers/openstack/client/openstack.ts';
import { LabProvider } from '../../../src/drivers/openstack/provision/provider.ts';
import type { Change } from '../../../src/node/driver.ts';
import type { LabSpec, NodeSpec } from '../../../src/node/spec.ts';
import { silentLog } from '../../../src/support/log.ts';
import { inParallel } from '../../../src/support/parallel.ts';
import { ImpatientClock } from './client/impatient-clock.ts';
import { StandInCloud, type StandInOptions } from './stand-in/stand-in-cloud.ts';
import { promptTiming } from './stand-in/timing.ts';

export const never = new AbortController().signal;

/** Who makes labs in these tests, unless a test says otherwise. */
export const owner = 'beef01';

/** One process that makes labs; it may be killed. */
export interface Maker {
  readonly openstack: OpenStack;
  readonly provider: LabProvider;
  /** Plans and does all that was planned, as the daemon does. */
  up(wanted: LabSpec, signal?: AbortSignal): Promise<readonly Change[]>;
  down(signal?: AbortSignal): Promise<readonly Change[]>;
  close(): Promise<void>;
}

/** A stand-in cloud in which time is no matter, and processes that make labs there. */
export class ProviderPlatform implements AsyncDisposable {
  readonly cloud: StandInCloud;
  readonly clock: ImpatientClock;
  /** The firmware's checksum. */
  sha256 = 'f1'.repeat(32);
  readonly #folder: string;
  readonly #makers: Maker[] = [];

  private constructor(cloud: StandInCloud, clock: ImpatientClock, folder: string) {
    this.cloud = cloud;
    this.clock = clock;
    this.#folder = folder;
  }

  static async start(options: StandInOptions = {}): Promise<ProviderPlatform> {
    const clock = new ImpatientClock();
    const cloud = await StandInCloud.start({ clock, timing: promptTiming, ...options });
    const folder = await mkdtemp(join(tmpdir(), 'q5o-'));
    await writeFile(join(folder, 'firmware.iso'), 'a disc that asks what to boot');
    await writeFile(join(folder, 'service.img'), 'a disk that serves BMCs');
    return new ProviderPlatform(cloud, clock, folder);
  }

  maker(lab = 'lab', of = owner): Maker {
    const { clock, cloud } = this;
    const openstack = OpenStack.connect(cloud.config(), { clock, log: silentLog, random: () => 0.5 });
    const firmwareImage = async () => ({
      path: join(this.#folder, 'firmware.iso'),
      sha256: this.sha256,
      diskFormat: 'iso' as const,
    });
    const service = {
      image: async () => ({ path: join(this.#folder, 'service.img'), sha256: '5e'.repeat(32) }),
      manager: async () => 'AA:BB',
    };
    const provider = new LabProvider({
      ...{ openstack, lab, owner: of, firmwareImage, service, clock, log: silentLog },
    });
    const up = async (wanted: LabSpec, signal = never) => {
      const changes = await provider.plan(wanted);
      for (const stage of stagesOf(changes)) {
        await inParallel(stage, 4, change => provider.apply(wanted, change, signal));
      }
      return changes;
    };
    const maker: Maker = {
      openstack,
      provider,
      up,
      down: signal => up({ name: lab, networks: [], nodes: [] }, signal),
      close: () => openstack[Symbol.asyncDispose](),
    };
    this.#makers.push(maker);
    return maker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const maker of this.#makers) await maker.close();
    await this.cloud[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function stagesOf(changes: readonly Change[]): Change[][] {
  const stages: Change[][] = [];
  for (const change of changes) {
    const stage = stages.at(-1);
    if (stage?.[0]?.kind === change.kind && stage[0].op === change.op) stage.push(change);
    else stages.push([change]);
  }
  return stages;
}

/** A lab with one network and some nodes. */
export function labOf(nodes: readonly NodeSpec[], changes: Partial<LabSpec> = {}): LabSpec {
  return {
    name: 'lab',
    networks: [{ name: 'provision', cidr: '192.168.24.0/24', dhcp: false }],
    nodes,
    ...changes,
  };
}

/** A node with one card and one local disk. */
export function nodeOf(index: number, changes: Partial<NodeSpec> = {}): NodeSpec {
  return {
    name: `n-${index}`,
    uuid: `7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f${index.toString(16).padStart(2, '0')}`,
    cpus: 1,
    memory: 2 ** 30,
    firmware: 'bios',
    disks: [{ name: 'disk-0', size: 5 * 2 ** 30 }],
    nics: [{ mac: macOf(index), network: 'provision' }],
    ...changes,
  };
}

/** A MAC address of a node. */
export function macOf(index: number, nic = 0): string {
  return `20:57:f8:00:${hex(nic)}:${hex(index)}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
