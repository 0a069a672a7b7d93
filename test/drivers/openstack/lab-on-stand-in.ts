import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clouds } from '../../../src/drivers/openstack/clouds.ts';
import { OpenStackDriver } from '../../../src/drivers/openstack/openstack-driver.ts';
import type { CloudNodeSettings } from '../../../src/node/cloud-spec.ts';
import type { LabSpec, NodeSpec } from '../../../src/node/spec.ts';
import { silentLog } from '../../../src/support/log.ts';
import type { Platform } from '../contract.ts';
import { PumpedClock } from './pumped-clock.ts';
import { StandInCloud, type StandInOptions } from './stand-in/stand-in-cloud.ts';

/** A lab of small machines on one network. */
export function labOf(name: string, nodes: readonly (CloudNodeSettings | undefined)[]): LabSpec {
  return {
    name,
    networks: [{ name: 'provisioning', cidr: '192.168.77.0/24', dhcp: false }],
    nodes: nodes.map((cloud, index) => nodeOf(index, cloud)),
  };
}

/** The MAC address of a lab's node, by its index. */
export function macOf(index: number): string {
  return `20:57:f8:00:01:${index.toString(16).padStart(2, '0')}`;
}

function nodeOf(index: number, cloud: CloudNodeSettings | undefined): NodeSpec {
  return {
    name: `n${index}`,
    uuid: `7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f${index.toString(16).padStart(2, '0')}`,
    cpus: 1,
    memory: 128 << 20,
    disks: [{ name: 'root', size: 1 << 30 }],
    nics: [{ mac: macOf(index), network: 'provisioning' }],
    firmware: 'bios',
    cloud,
  };
}

/** A stand-in cloud, drivers on it, and time that passes fast. */
export interface StandInPlatform extends Platform {
  readonly cloud: StandInCloud;
  readonly clock: PumpedClock;
  readonly clouds: Clouds;
  readonly stateDirectory: string;
  readonly createDriver: (lab?: string) => Promise<OpenStackDriver>;
}

/** Makes one. */
export async function standInPlatform(lab: LabSpec, options: StandInOptions = {}): Promise<StandInPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'q5o-'));
  const clock = new PumpedClock();
  const cloud = await StandInCloud.start({ clock, ...options, timing: { storage: 0, ...options.timing } });
  const cloudsFile = join(folder, 'clouds.yaml');
  await writeFile(cloudsFile, JSON.stringify({ clouds: { standin: cloud.cloudsEntry() } }));
  const firmware = join(folder, 'firmware.iso');
  await writeFile(firmware, 'a disc that asks what to boot');
  const env = { OS_CLIENT_CONFIG_FILE: cloudsFile };
  const clouds = new Clouds({ clock, log: silentLog, env, home: folder, cwd: folder });
  const stateDirectory = join(folder, 'state');
  cloud.onBoot(({ guest, number, cause }) => guest.print(`firmware, boot ${number} by ${cause}\r\n`));
  return {
    lab,
    cloud,
    clock,
    clouds,
    stateDirectory,
    createDriver: (name = lab.name) =>
      OpenStackDriver.create(
        { cloud: 'standin' },
        {
          lab: name,
          owner: 'c0ffee',
          stateDirectory,
          runtimeDirectory: join(folder, 'run'),
          bootPort: 8099,
          clock,
          log: silentLog,
          clouds,
          firmwareImage: async () => ({ path: firmware, sha256: 'f1'.repeat(32), diskFormat: 'iso' }),
        },
      ),
    dispose: async () => {
      await clouds[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
      await clock[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
