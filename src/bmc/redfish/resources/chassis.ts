import { z } from 'zod';
import { productOf } from '../../../node/sensors.ts';
import type { RedfishBmc } from '../model.ts';
import { obey } from '../nodes/obey.ts';
import { chassisPath, chassis as chassisRoot, managerPath, systemPath } from '../nodes/paths.ts';
import { collectionBody, done, link, nodeResource, serviceResource, writing } from '../resource.ts';
import { fanPath } from './fans.ts';
import { indicatorBody, indicatorCommands, indicatorContent } from './indicator.ts';
import { powerSupplyPath } from './power-supplies.ts';
import { powerStateOf, runningStatus } from './status.ts';
import { drivePath, storagePath } from './storage.ts';

/** Chassis: the box that a node would be in, with its sensors. @see schema Chassis */

export const chassisCollection = serviceResource({
  path: chassisRoot,
  schema: 'ChassisCollection',
  read: ({ service }) => collectionBody('Chassis', [...service.bmcs.values()].map(chassisPath)),
});

export const chassis = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}',
  schema: 'Chassis',
  read: ({ bmc }) => chassisBody(bmc),
  patch: writing(z.strictObject(indicatorContent), async ({ bmc }, content) => {
    for (const command of indicatorCommands(content)) await obey(bmc.node, command);
    return done;
  }),
});

function chassisBody(bmc: RedfishBmc) {
  const { spec, state } = bmc.node;
  const path = chassisPath(bmc);
  const { manufacturer, model, serial } = productOf(spec);
  return {
    Id: bmc.id,
    Name: spec.name,
    Description: `Chassis of ${spec.name}`,
    ChassisType: 'RackMount',
    Manufacturer: manufacturer,
    Model: model,
    SerialNumber: serial,
    UUID: spec.uuid,
    AssetTag: state.durable.assetTag,
    PowerState: powerStateOf(state),
    Status: runningStatus(state),
    ...indicatorBody(state),
    Sensors: link(`${path}/Sensors`),
    Power: link(`${path}/Power`),
    Thermal: link(`${path}/Thermal`),
    PowerSubsystem: link(`${path}/PowerSubsystem`),
    ThermalSubsystem: link(`${path}/ThermalSubsystem`),
    EnvironmentMetrics: link(`${path}/EnvironmentMetrics`),
    Drives: link(`${path}/Drives`),
    NetworkAdapters: link(`${path}/NetworkAdapters`),
    Links: {
      ComputerSystems: [link(systemPath(bmc))],
      'ComputerSystems@odata.count': 1,
      ManagedBy: [link(managerPath(bmc))],
      'ManagedBy@odata.count': 1,
      ManagersInChassis: [link(managerPath(bmc))],
      'ManagersInChassis@odata.count': 1,
      PowerSupplies: [link(powerSupplyPath(bmc))],
      'PowerSupplies@odata.count': 1,
      Fans: [link(fanPath(bmc))],
      'Fans@odata.count': 1,
      Storage: [link(storagePath(bmc))],
      'Storage@odata.count': 1,
      Drives: spec.disks.map(({ name }) => link(drivePath(bmc, name))),
      'Drives@odata.count': spec.disks.length,
    },
  };
}
