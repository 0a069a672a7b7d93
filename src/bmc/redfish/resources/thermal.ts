import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { chassisPath } from '../nodes/paths.ts';
import { link, nodeResource } from '../resource.ts';
import { limitsOf, readingNow, type ShownSensor, sensorStatus, sensorsOf } from './sensors.ts';

/** Fans and temperatures as older clients ask for them; the sensors tell the same. @see schema Thermal */

export const thermal = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/Thermal',
  schema: 'Thermal',
  read: ({ bmc }) => {
    const path = `${chassisPath(bmc)}/Thermal`;
    const fans = sensorsOf('rpm').map((sensor, index) => ({
      ...member(bmc, sensor, `${path}#/Fans/${index}`, index),
      Reading: readingNow(bmc, sensor),
      ReadingUnits: 'RPM',
      MinReadingRange: sensor.spec.minimum,
      MaxReadingRange: sensor.spec.maximum,
    }));
    const temperatures = sensorsOf('celsius').map((sensor, index) => ({
      ...member(bmc, sensor, `${path}#/Temperatures/${index}`, index),
      ReadingCelsius: readingNow(bmc, sensor),
      MinReadingRangeTemp: sensor.spec.minimum,
      MaxReadingRangeTemp: sensor.spec.maximum,
    }));
    return {
      Id: 'Thermal',
      Name: 'Thermal',
      Fans: fans,
      'Fans@odata.count': fans.length,
      Temperatures: temperatures,
      'Temperatures@odata.count': temperatures.length,
    };
  },
});

function member(bmc: RedfishBmc, sensor: ShownSensor, path: string, index: number): JsonObject {
  const limits = limitsOf(bmc, sensor);
  return {
    '@odata.id': path,
    MemberId: String(index),
    Name: sensor.spec.name,
    SensorNumber: sensor.number,
    PhysicalContext: sensor.context,
    LowerThresholdCritical: limits.lowerCritical,
    LowerThresholdNonCritical: limits.lowerNonCritical,
    UpperThresholdNonCritical: limits.upperNonCritical,
    UpperThresholdCritical: limits.upperCritical,
    RelatedItem: [link(chassisPath(bmc))],
    'RelatedItem@odata.count': 1,
    Status: sensorStatus(bmc, sensor),
  };
}
