import { productOf } from '../../../node/sensors.ts';
import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { chassisPath, systemPath } from '../nodes/paths.ts';
import { link, nodeResource } from '../resource.ts';
import { powerCapacity, powerDraw, powerSupplyId } from './power-supplies.ts';
import { limitsOf, readingNow, type ShownSensor, sensorStatus, sensorsOf } from './sensors.ts';
import { working } from './status.ts';

/** Power as older clients ask for it; PowerSubsystem and the sensors tell the same. @see schema Power */

export const power = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/Power',
  schema: 'Power',
  read: ({ bmc }) => {
    const path = `${chassisPath(bmc)}/Power`;
    const { manufacturer, serial } = productOf(bmc.node.spec);
    const voltages = sensorsOf('volts');
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
      Voltages: voltages.map((sensor, index) => voltage(bmc, sensor, `${path}#/Voltages/${index}`, index)),
      'Voltages@odata.count': voltages.length,
    };
  },
});

function voltage(bmc: RedfishBmc, sensor: ShownSensor, path: string, index: number): JsonObject {
  const limits = limitsOf(bmc, sensor);
  return {
    '@odata.id': path,
    MemberId: String(index),
    Name: sensor.spec.name,
    SensorNumber: sensor.number,
    PhysicalContext: sensor.context,
    ReadingVolts: readingNow(bmc, sensor),
    MinReadingRange: sensor.spec.minimum,
    MaxReadingRange: sensor.spec.maximum,
    LowerThresholdCritical: limits.lowerCritical,
    LowerThresholdNonCritical: limits.lowerNonCritical,
    UpperThresholdNonCritical: limits.upperNonCritical,
    UpperThresholdCritical: limits.upperCritical,
    RelatedItem: [link(chassisPath(bmc))],
    'RelatedItem@odata.count': 1,
    Status: sensorStatus(bmc, sensor),
  };
}
