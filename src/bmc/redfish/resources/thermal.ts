import { chassisPath } from '../nodes/paths.ts';
import { nodeResource } from '../resource.ts';
import { sensorMember } from './sensor-member.ts';
import { readingNow, sensorsOf } from './sensors.ts';

/** Fans and temperatures as older clients ask for them; the sensors tell the same. @see schema Thermal */

export const thermal = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/Thermal',
  schema: 'Thermal',
  read: ({ bmc }) => {
    const path = `${chassisPath(bmc)}/Thermal`;
    const fans = sensorsOf('rpm').map((sensor, index) => ({
      ...sensorMember(bmc, sensor, `${path}#/Fans`, index),
      Reading: readingNow(bmc, sensor),
      ReadingUnits: 'RPM',
      MinReadingRange: sensor.spec.minimum,
      MaxReadingRange: sensor.spec.maximum,
    }));
    const temperatures = sensorsOf('celsius').map((sensor, index) => ({
      ...sensorMember(bmc, sensor, `${path}#/Temperatures`, index),
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
