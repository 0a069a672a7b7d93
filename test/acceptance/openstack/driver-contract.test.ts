import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import type { FirmwareImage } from '../../../src/boot/firmware-image.ts';
import { Clouds } from '../../../src/drivers/openstack/clouds.ts';
import { OpenStackDriver } from '../../../src/drivers/openstack/openstack-driver.ts';
import type { LabSpec } from '../../../src/node/spec.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { createLog } from '../../../src/support/log.ts';
import { driverContract, type Platform } from '../../drivers/contract.ts';
import { bootSector } from './boot-sector.ts';
import { cloudEnvironment, hasFakeHost, hasQemuHost } from './cloud.ts';

describe.skipIf(!hasFakeHost)('without guests', () => {
  driverContract('openstack, fake hypervisor', () => platform('fake'));
});

describe.skipIf(!hasQemuHost)('with guests', () => {
  driverContract('openstack, QEMU', () => platform('qemu'));
});

/** Drivers on the real cloud, in one of its availability zones. */
async function platform(zone: 'fake' | 'qemu'): Promise<Platform> {
  const folder = await mkdtemp(join(tmpdir(), 'q5o-'));
  const log = createLog('warn');
  const clouds = new Clouds({
    ...{ clock: systemClock, log, home: homedir(), cwd: folder },
    env: cloudEnvironment('quintupleo'),
  });
  const lab: LabSpec = {
    name: `contract-${zone}`,
    networks: [{ name: 'provisioning', cidr: '192.168.210.0/24', dhcp: false }],
    nodes: [
      {
        name: 'n1',
        uuid: '7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f02',
        cpus: 1,
        memory: 128 << 20,
        disks: [{ name: 'root', size: 1 << 30 }],
        nics: [{ mac: '20:57:f8:00:0c:01', network: 'provisioning' }],
        firmware: 'bios',
        cloud: { availabilityZone: zone },
      },
    ],
  };
  const around = {
    ...{ lab: lab.name, owner: 'c0ffee', clock: systemClock, log, clouds, bootPort: 8098 },
    stateDirectory: join(folder, 'state'),
    runtimeDirectory: join(folder, 'run'),
    firmwareImage: () => disc(folder),
  };
  return {
    lab,
    createDriver: () => OpenStackDriver.create({}, around),
    dispose: async () => {
      await clouds[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** In place of our firmware a disc that says something on the serial port, and ignores ACPI. */
async function disc(folder: string): Promise<FirmwareImage> {
  const tree = join(folder, 'disc');
  const path = join(folder, 'firmware.iso');
  await mkdir(tree, { recursive: true });
  await writeFile(join(tree, 'boot.bin'), bootSector('FIRMWARE').subarray(0, 2048));
  const boot = ['-b', 'boot.bin', '-c', 'boot.cat', '-no-emul-boot', '-boot-load-size', '4'];
  await promisify(execFile)('xorriso', ['-as', 'mkisofs', '-quiet', '-o', path, ...boot, tree]);
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { path, sha256, diskFormat: 'iso' };
}
