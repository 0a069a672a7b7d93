import type { RedfishBmc } from '../model.ts';
import { chassisPath } from '../nodes/paths.ts';
import { collectionBody, link, nodeResource } from '../resource.ts';
import { excerptOf, readingNow, sensorAt, sensorPath, sensorStatus, sensorsOf } from './sensors.ts';
import { working } from './status.ts';

/** What keeps a node cool. @see schema ThermalSubsystem, Fan, ThermalMetrics */

/** The sensor of a node's one fan. */
export const fanSpeed = sensorAt('rpm', 'Fan');

/** The fan's ID. */
export const fanId = 'Fan1';

export function fanPath(bmc: RedfishBmc): string {
  return `${chassisPath(bmc)}/ThermalSubsystem/Fans/${fanId}`;
}

/** Its speed, as a share of the most that it can do too. */
export function fanReading(bmc: RedfishBmc) {
  const speed = readingNow(bmc, fanSpeed);
  const percent = speed === null ? null : Math.round((speed / fanSpeed.spec.maximum) * 100);
  return { Reading: percent, SpeedRPM: speed };
}

export const thermalSubsystem = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/ThermalSubsystem',
  schema: 'ThermalSubsystem',
  read: ({ bmc }) => {
    const path = `${chassisPath(bmc)}/ThermalSubsystem`;
    return {
      Id: 'ThermalSubsystem',
      Name: 'Thermal Subsystem',
      Fans: link(`${path}/Fans`),
      ThermalMetrics: link(`${path}/ThermalMetrics`),
      Status: working,
    };
  },
});

export const fanCollection = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/ThermalSubsystem/Fans',
  schema: 'FanCollection',
  read: ({ bmc }) => collectionBody('Fans', [fanPath(bmc)]),
});

export const fan = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/ThermalSubsystem/Fans/{fan}',
  schema: 'Fan',
  read: ({ bmc, params }) => {
    if (params.fan !== fanId) return undefined;
    return {
      Id: fanId,
      Name: fanSpeed.spec.name,
      PhysicalContext: 'Chassis',
      RatedSpeedRPM: fanSpeed.spec.maximum,
      SpeedPercent: fanReading(bmc),
      HotPluggable: false,
      Status: sensorStatus(bmc, fanSpeed),
    };
  },
});

export const thermalMetrics = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/ThermalSubsystem/ThermalMetrics',
  schema: 'ThermalMetrics',
  read: ({ bmc }) => {
    const temperatures = sensorsOf('celsius');
    return {
      Id: 'ThermalMetrics',
      Name: 'Thermal Metrics',
      TemperatureSummaryCelsius: {
        Intake: excerptOf(bmc, sensorAt('celsius', 'Intake')),
        Internal: excerptOf(bmc, sensorAt('celsius', 'CPU')),
      },
      TemperatureReadingsCelsius: temperatures.map(sensor => ({
        DataSourceUri: sensorPath(bmc, sensor),
        DeviceName: sensor.spec.name,
        PhysicalContext: sensor.context,
        Reading: readingNow(bmc, sensor),
      })),
      'TemperatureReadingsCelsius@odata.count': temperatures.length,
    };
  },
});
