import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { chassisPath } from '../nodes/paths.ts';
import { link } from '../resource.ts';
import { limitsOf, type ShownSensor, sensorStatus } from './sensors.ts';

/**
 * A sensor as Power and Thermal show it to older clients, but for its reading.
 * @param list - path of the array that it is in: `…/Thermal#/Fans`
 */
export function sensorMember(bmc: RedfishBmc, sensor: ShownSensor, list: string, index: number): JsonObject {
  const limits = limitsOf(bmc, sensor);
  return {
    '@odata.id': `${list}/${index}`,
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
