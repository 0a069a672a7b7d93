import type { Hardware } from '../../../node/driver.ts';
import { chassisPath } from '../nodes/paths.ts';
import { collectionBody, link, nodeResource } from '../resource.ts';
import { numberedIds, positionOf } from './numbered.ts';
import { working } from './status.ts';

/** Memory modules as a node's SMBIOS tells them. @see schema Memory */

const prefix = 'DIMM';

const mib = 2 ** 20;

/** Most bytes of one module: QEMU's SMBIOS spreads larger memory over several. */
const largestModule = 16 * 2 ** 30;

function modulesOf({ memory }: Hardware): number {
  return Math.ceil(memory / largestModule);
}

export const memoryCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/Memory',
  schema: 'MemoryCollection',
  read: ({ bmc, path }) =>
    collectionBody(
      'Memory Modules',
      numberedIds(prefix, modulesOf(bmc.node.hardware)).map(id => `${path}/${id}`),
    ),
});

export const memory = nodeResource({
  path: '/redfish/v1/Systems/{system}/Memory/{memory}',
  schema: 'Memory',
  read: ({ bmc, params }) => {
    const { hardware } = bmc.node;
    const position = positionOf(params.memory, prefix, modulesOf(hardware));
    if (position === undefined) return undefined;
    return {
      Id: params.memory,
      Name: `Memory Module ${position + 1}`,
      MemoryType: 'DRAM',
      CapacityMiB: Math.min(hardware.memory - position * largestModule, largestModule) / mib,
      Status: working,
      Links: { Chassis: link(chassisPath(bmc)) },
    };
  },
});
