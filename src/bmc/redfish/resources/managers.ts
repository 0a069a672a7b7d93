import { z } from 'zod';
import type { RedfishBmc, RedfishService } from '../model.ts';
import { chassisPath, managerPath, managers, systemPath } from '../nodes/paths.ts';
import {
  action,
  collectionBody,
  done,
  link,
  nodeResource,
  type Outcome,
  serviceResource,
  writing,
} from '../resource.ts';
import { firmwareVersion } from '../update/update-inventory.ts';
import { bmcUuid } from './manager-uuid.ts';
import { working } from './status.ts';

/** Managers: a node's BMC itself. @see schema Manager */

/** Milliseconds from the answer to a reset until the controller restarts: the client shall have its answer. */
const restartDelay = 500;

/** Seconds since the epoch that IPMI's clock, which is the same, can tell. @see IPMI 2.0 §37 */
const latestTime = 0xffff_fffe;

const content = z.strictObject({
  DateTime: z.iso
    .datetime({ offset: true })
    .refine(text => Date.parse(text) >= 0 && Date.parse(text) <= latestTime * 1000)
    .optional(),
  /** The BMC's clock tells UTC. */
  DateTimeLocalOffset: z.enum(['+00:00']).optional(),
});

export const managerCollection = serviceResource({
  path: managers,
  schema: 'ManagerCollection',
  read: ({ service }) => collectionBody('Managers', [...service.bmcs.values()].map(managerPath)),
});

export const manager = nodeResource({
  path: '/redfish/v1/Managers/{manager}',
  schema: 'Manager',
  // The clock goes on.
  volatile: true,
  read: ({ bmc, service }) => managerBody(bmc, service),
  patch: writing(content, async ({ bmc, service }, { DateTime }) => {
    if (DateTime !== undefined) await bmc.clockOffset.set(Date.parse(DateTime) - service.clock.now());
    return done;
  }),
  actions: {
    'Manager.Reset': action(
      z.strictObject({ ResetType: z.enum(['GracefulRestart', 'ForceRestart']).optional() }),
      async ({ bmc, service, user }): Promise<Outcome> => {
        service.log.info({ node: bmc.id, by: user.name }, 'the BMC is restarted');
        service.clock.after(restartDelay, () => bmc.restart());
        return done;
      },
      { allowable: () => ({ 'ResetType@Redfish.AllowableValues': ['GracefulRestart', 'ForceRestart'] }) },
    ),
  },
});

/** What the BMC's clock tells: to the second, as IPMI has it. */
export function bmcTime(bmc: RedfishBmc, at: number): string {
  const seconds = Math.floor((at + bmc.clockOffset.value) / 1000);
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

function managerBody(bmc: RedfishBmc, service: RedfishService) {
  const path = managerPath(bmc);
  return {
    Id: bmc.id,
    Name: `BMC of ${bmc.node.spec.name}`,
    Description: `Baseboard management controller of ${bmc.node.spec.name}`,
    ManagerType: 'BMC',
    Manufacturer: 'QuintupleO',
    Model: 'Virtual BMC',
    FirmwareVersion: firmwareVersion({ kind: 'BMC', bmc }, service.version) ?? null,
    UUID: bmcUuid(bmc.node.spec.uuid),
    ServiceEntryPointUUID: service.uuid,
    DateTime: bmcTime(bmc, service.clock.now()),
    DateTimeLocalOffset: '+00:00',
    PowerState: 'On',
    Status: working,
    // Systems tell of it now; older clients look for it here.
    SerialConsole: { ServiceEnabled: true, MaxConcurrentSessions: 1, ConnectTypesSupported: ['IPMI'] },
    CommandShell: { ServiceEnabled: false, MaxConcurrentSessions: 0, ConnectTypesSupported: [] },
    GraphicalConsole: { ServiceEnabled: false, MaxConcurrentSessions: 0, ConnectTypesSupported: [] },
    NetworkProtocol: link(`${path}/NetworkProtocol`),
    EthernetInterfaces: link(`${path}/EthernetInterfaces`),
    SerialInterfaces: link(`${path}/SerialInterfaces`),
    LogServices: link(`${path}/LogServices`),
    VirtualMedia: link(`${path}/VirtualMedia`),
    Links: {
      ManagerForServers: [link(systemPath(bmc))],
      'ManagerForServers@odata.count': 1,
      ManagerForChassis: [link(chassisPath(bmc))],
      'ManagerForChassis@odata.count': 1,
      ManagerInChassis: link(chassisPath(bmc)),
    },
  };
}
