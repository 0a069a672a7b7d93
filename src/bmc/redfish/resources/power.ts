import { productOf } from '../../../node/sensors.ts';
import { chassisPath, systemPath } from '../nodes/paths.ts';
import { link, nodeResource } from '../resource.ts';
import { powerCapacity, powerDraw, powerSupplyId } from './power-supplies.ts';
import { sensorMember } from './sensor-member.ts';
import { readingNow, sensorStatus, sensorsOf } from './sensors.ts';
import { working } from './status.ts';

/** Power as older clients ask for it; PowerSubsystem and the sensors tell the same. @see schema Power */

export const power = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/Power',
  schema: 'Power',
  read: ({ bmc }) => {
    const path = `${chassisPath(bmc)}/Power`;
    const { manufacturer, serial } = productOf(bmc.node.spec);
    const voltages = sensorsOf('volts').map((sensor, index) => ({
      ...sensorMember(bmc, sensor, `${path}#/Voltages`, index),
      ReadingVolts: readingNow(bmc, sensor),
      MinReadingRange: sensor.spec.minimum,
      MaxReadingRange: sensor.spec.maximum,
    }));
    return {
      Id: 'Power',
      Name: 'Power',
      PowerControl: [
        {
          '@odata.id': `${path}#/PowerControl/0`,
          MemberId: '0',
          Name: powerDraw.spec.name,
          PhysicalContext: 'PowerSupply',
          PowerConsumedWatts: readingNow(bmc, powerDraw),
          PowerCapacityWatts: powerCapacity(bmc),
          RelatedItem: [link(systemPath(bmc)), link(chassisPath(bmc))],
          'RelatedItem@odata.count': 2,
          Status: sensorStatus(bmc, powerDraw),
        },
      ],
      'PowerControl@odata.count': 1,
      PowerSupplies: [
        {
          '@odata.id': `${path}#/PowerSupplies/0`,
          MemberId: '0',
          Name: 'Power Supply 1',
          Manufacturer: manufacturer,
          SerialNumber: `${serial}-${powerSupplyId}`,
          PowerSupplyType: 'AC',
          PowerCapacityWatts: powerCapacity(bmc),
          LastPowerOutputWatts: readingNow(bmc, powerDraw),
          RelatedItem: [link(chassisPath(bmc))],
          'RelatedItem@odata.count': 1,
          Status: working,
        },
      ],
      'PowerSupplies@odata.count': 1,
      Voltages: voltages,
      'Voltages@odata.count': voltages.length,
    };
  },
});
