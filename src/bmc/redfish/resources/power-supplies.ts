import { productOf } from '../../../node/sensors.ts';
import type { RedfishBmc } from '../model.ts';
import { chassisPath } from '../nodes/paths.ts';
import { collectionBody, link, nodeResource } from '../resource.ts';
import { limitsOf, sensorAt } from './sensors.ts';
import { working } from './status.ts';

/** What a node draws its power from: one supply, as its power sensor has it. @see schema PowerSubsystem, PowerSupply */

/** The sensor of what a node draws. */
export const powerDraw = sensorAt('watts', 'PowerSupply');

/** The ID of a node's one power supply. */
export const powerSupplyId = 'PSU1';

/** Watts that the supply gives at most: where its sensor becomes critical. */
export function powerCapacity(bmc: RedfishBmc): number | null {
  return limitsOf(bmc, powerDraw).upperCritical ?? null;
}

export function powerSupplyPath(bmc: RedfishBmc): string {
  return `${chassisPath(bmc)}/PowerSubsystem/PowerSupplies/${powerSupplyId}`;
}

export const powerSubsystem = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/PowerSubsystem',
  schema: 'PowerSubsystem',
  read: ({ bmc }) => ({
    Id: 'PowerSubsystem',
    Name: 'Power Subsystem',
    CapacityWatts: powerCapacity(bmc),
    PowerSupplies: link(`${chassisPath(bmc)}/PowerSubsystem/PowerSupplies`),
    Status: working,
  }),
});

export const powerSupplyCollection = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/PowerSubsystem/PowerSupplies',
  schema: 'PowerSupplyCollection',
  read: ({ bmc }) => collectionBody('Power Supplies', [powerSupplyPath(bmc)]),
});

export const powerSupply = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/PowerSubsystem/PowerSupplies/{supply}',
  schema: 'PowerSupply',
  read: ({ bmc, params }) => {
    if (params.supply !== powerSupplyId) return undefined;
    const { manufacturer, serial } = productOf(bmc.node.spec);
    return {
      Id: powerSupplyId,
      Name: 'Power Supply 1',
      Manufacturer: manufacturer,
      SerialNumber: `${serial}-${powerSupplyId}`,
      PowerSupplyType: 'AC',
      PowerCapacityWatts: powerCapacity(bmc),
      HotPluggable: false,
      LineInputStatus: 'Normal',
      Status: working,
    };
  },
});
