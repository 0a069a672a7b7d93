import { type FoundLab, thingsOf } from '../inventory.ts';
import type { Lookups } from '../lookups.ts';
import type { Needs } from '../quotas.ts';
import type { FirmwareImages } from '../resources/firmware-images.ts';
import type { DesiredMachine, MachineParts } from '../resources/machines.ts';
import { memberOf } from '../resources/network-refs.ts';

/** What the machines of a lab are looked up in. */
export interface MachineLookups {
  readonly lookups: Lookups;
  readonly firmware: FirmwareImages;
}

/** @param found - what there is of the lab when a machine is made; `undefined` when it is only planned */
export async function partsFor(around: MachineLookups, found: FoundLab | undefined): Promise<MachineParts> {
  const { lookups, firmware } = around;
  return {
    flavors: await lookups.flavors(),
    firmware,
    image: (reference, what) => lookups.image(reference, what),
    groupId: name => thingsOf(memberOf(found, 'server-group', name), 'server-group')[0]?.id,
  };
}

/** What a machine takes of the project's quotas. */
export function machineNeeds({ flavor, ports, trunks, volumes }: DesiredMachine): Needs {
  return {
    instances: 1,
    cores: flavor.vcpus,
    ram: flavor.ram,
    ports: ports.length,
    trunks: trunks.length,
    volumes: volumes.length,
    gigabytes: volumes.reduce((sum, { size }) => sum + size, 0),
  };
}
