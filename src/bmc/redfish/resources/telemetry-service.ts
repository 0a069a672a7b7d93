import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { collectionBody, link, type Route, type ServiceAt, serviceResource } from '../resource.ts';
import { readingNow, readingOf, type ShownSensor, sensorPath, shownSensors } from './sensors.ts';
import { working } from './status.ts';

/**
 * Telemetry: of every node one report, all of its sensors at a glance, made when it is asked for.
 * @see schemas TelemetryService, MetricDefinition, MetricReportDefinition, MetricReport
 */

const path = '/redfish/v1/TelemetryService';

const service = serviceResource({
  path,
  schema: 'TelemetryService',
  read: () => ({
    Id: 'TelemetryService',
    Name: 'Telemetry Service',
    ServiceEnabled: true,
    Status: working,
    MetricDefinitions: link(`${path}/MetricDefinitions`),
    MetricReportDefinitions: link(`${path}/MetricReportDefinitions`),
    MetricReports: link(`${path}/MetricReports`),
  }),
});

const definitions = serviceResource({
  path: `${path}/MetricDefinitions`,
  schema: 'MetricDefinitionCollection',
  read: () =>
    collectionBody(
      'Metric Definitions',
      shownSensors.map(({ id }) => `${path}/MetricDefinitions/${id}`),
    ),
});

const definition = serviceResource({
  path: `${path}/MetricDefinitions/{metric}`,
  schema: 'MetricDefinition',
  volatile: true,
  read: ({ service: { bmcs }, params }) => {
    const sensor = shownSensors.find(({ id }) => id === params.metric);
    if (!sensor) return undefined;
    const { id, spec, context } = sensor;
    return {
      Id: id,
      Name: spec.name,
      MetricType: 'Gauge',
      MetricDataType: 'Decimal',
      Units: readingOf[spec.unit].units,
      Implementation: 'Synthesized',
      Calculable: 'NonSummable',
      IsLinear: true,
      PhysicalContext: context,
      MinReadingRange: spec.minimum,
      MaxReadingRange: spec.maximum,
      MetricProperties: [`/redfish/v1/Chassis/{Node}/Sensors/${id}#/Reading`],
      Wildcards: [{ Name: 'Node', Values: [...bmcs.keys()] }],
    };
  },
});

const reportDefinitions = serviceResource({
  path: `${path}/MetricReportDefinitions`,
  schema: 'MetricReportDefinitionCollection',
  volatile: true,
  read: ({ service: { bmcs } }) =>
    collectionBody(
      'Metric Report Definitions',
      [...bmcs.keys()].map(id => `${path}/MetricReportDefinitions/${id}`),
    ),
});

const reportDefinition = serviceResource({
  path: `${path}/MetricReportDefinitions/{report}`,
  schema: 'MetricReportDefinition',
  read: at => {
    const bmc = nodeOf(at);
    return (
      bmc && {
        Id: bmc.id,
        Name: `Sensors of ${bmc.id}`,
        Status: { State: 'Enabled' },
        MetricReportDefinitionEnabled: true,
        MetricReportDefinitionType: 'OnRequest',
        MetricProperties: shownSensors.map(sensor => readingPointer(bmc, sensor)),
        MetricReport: link(`${path}/MetricReports/${bmc.id}`),
      }
    );
  },
});

const reports = serviceResource({
  path: `${path}/MetricReports`,
  schema: 'MetricReportCollection',
  volatile: true,
  read: ({ service: { bmcs } }) =>
    collectionBody(
      'Metric Reports',
      [...bmcs.keys()].map(id => `${path}/MetricReports/${id}`),
    ),
});

const report = serviceResource({
  path: `${path}/MetricReports/{report}`,
  schema: 'MetricReport',
  volatile: true,
  read: at => {
    const bmc = nodeOf(at);
    if (!bmc) return undefined;
    const now = new Date(at.service.clock.now()).toISOString();
    return {
      Id: bmc.id,
      Name: `Sensors of ${bmc.id}`,
      Timestamp: now,
      MetricReportDefinition: link(`${path}/MetricReportDefinitions/${bmc.id}`),
      MetricValues: shownSensors.map(sensor => metricValue(bmc, sensor, now)),
    };
  },
});

/** Every path of telemetry. */
export const telemetryRoutes: readonly Route[] = [
  service,
  definitions,
  definition,
  reportDefinitions,
  reportDefinition,
  reports,
  report,
];

function metricValue(bmc: RedfishBmc, sensor: ShownSensor, now: string): JsonObject {
  const reading = readingNow(bmc, sensor);
  return {
    MetricId: sensor.id,
    MetricValue: reading === null ? null : String(reading),
    MetricProperty: readingPointer(bmc, sensor),
    Timestamp: now,
  };
}

function readingPointer(bmc: RedfishBmc, sensor: ShownSensor): string {
  return `${sensorPath(bmc, sensor)}#/Reading`;
}

function nodeOf({ service: { bmcs }, params }: ServiceAt): RedfishBmc | undefined {
  return bmcs.get(params.report ?? '');
}
