import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type QemuChoice, QemuDriver } from '../../../src/drivers/qemu/qemu-driver.ts';
import type { Firmware, LabSpec } from '../../../src/node/spec.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { createLog } from '../../../src/support/log.ts';
import type { Platform } from '../../drivers/contract.ts';

/** A lab of one small machine. */
export function smallLab(name: string, cidr: string, firmware: Firmware = 'bios'): LabSpec {
  const machine = {
    name: 'n1',
    uuid: '7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f01',
    cpus: 1,
    memory: (firmware === 'uefi' ? 256 : 64) << 20,
    disks: [{ name: 'root', size: 8 << 20 }],
    nics: [{ mac: '20:57:f8:00:00:01', network: 'provisioning' }],
    firmware,
  };
  return { name, networks: [{ name: 'provisioning', cidr, dhcp: true }], nodes: [machine] };
}

/** A host for labs: folders of its own, and drivers on real QEMU. */
export interface QemuPlatform extends Platform {
  readonly createDriver: (bootPort?: number) => Promise<QemuDriver>;
  readonly stateDirectory: string;
  readonly runtimeDirectory: string;
}

/** Makes one. */
export async function qemuPlatform(
  choice: QemuChoice,
  lab: LabSpec,
  usualBootPort = 8099,
): Promise<QemuPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'q5o-'));
  const around = {
    lab: lab.name,
    stateDirectory: join(folder, 'state'),
    runtimeDirectory: join(folder, 'run'),
    clock: systemClock,
    log: createLog('warn'),
  };
  return {
    lab,
    stateDirectory: around.stateDirectory,
    runtimeDirectory: around.runtimeDirectory,
    createDriver: (bootPort = usualBootPort) => QemuDriver.create(choice, { ...around, bootPort }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}
