import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { chassisPath } from '../nodes/paths.ts';
import { collectionBody, link, nodeResource } from '../resource.ts';
import { numberedIds, positionOf } from './numbered.ts';
import { working } from './status.ts';

/** Processors as a node's system finds them. @see schema Processor */

const prefix = 'CPU';

/**
 * How many sockets a node has: QEMU puts all cores into one, Nova each into its own unless a flavor or an image says
 * otherwise.
 */
function socketsOf({ driver, node }: RedfishBmc): number {
  return driver === 'openstack' ? node.hardware.cpus : 1;
}

/** A system's ProcessorSummary. */
export function processorSummary(bmc: RedfishBmc): JsonObject {
  const { cpus } = bmc.node.hardware;
  return { Count: socketsOf(bmc), CoreCount: cpus, LogicalProcessorCount: cpus, ThreadingEnabled: false };
}

export const processorCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/Processors',
  schema: 'ProcessorCollection',
  read: ({ bmc, path }) =>
    collectionBody(
      'Processors',
      numberedIds(prefix, socketsOf(bmc)).map(id => `${path}/${id}`),
    ),
});

export const processor = nodeResource({
  path: '/redfish/v1/Systems/{system}/Processors/{processor}',
  schema: 'Processor',
  read: ({ bmc, params }) => {
    const sockets = socketsOf(bmc);
    const socket = positionOf(params.processor, prefix, sockets);
    if (socket === undefined) return undefined;
    const cores = bmc.node.hardware.cpus / sockets;
    return {
      Id: params.processor,
      Name: `Processor ${socket + 1}`,
      // As SMBIOS calls it.
      Socket: `CPU ${socket}`,
      ProcessorType: 'CPU',
      ProcessorArchitecture: 'x86',
      InstructionSet: 'x86-64',
      TotalCores: cores,
      TotalEnabledCores: cores,
      TotalThreads: cores,
      TotalEnabledThreads: cores,
      Status: working,
      Links: { Chassis: link(chassisPath(bmc)) },
    };
  },
});
