import { nodeResource } from '../resource.ts';
import { fanReading, fanSpeed } from './fans.ts';
import { powerDraw } from './power-supplies.ts';
import { excerptOf, sensorAt } from './sensors.ts';

/** A chassis at a glance. @see schema EnvironmentMetrics */

export const environmentMetrics = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/EnvironmentMetrics',
  schema: 'EnvironmentMetrics',
  read: ({ bmc }) => ({
    Id: 'EnvironmentMetrics',
    Name: 'Environment Metrics',
    TemperatureCelsius: excerptOf(bmc, sensorAt('celsius', 'Intake')),
    PowerWatts: excerptOf(bmc, powerDraw),
    FanSpeedsPercent: [{ DeviceName: fanSpeed.spec.name, ...fanReading(bmc) }],
    'FanSpeedsPercent@odata.count': 1,
  }),
});
