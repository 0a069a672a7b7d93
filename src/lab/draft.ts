import type * as z from 'zod';
import { driverNameOf } from './drivers.ts';
import { limits } from './limits.ts';
import type { Report } from './problem.ts';
import {
  type GroupContent,
  groupSchema,
  labFileJsonSchema,
  labFileParts,
  labFileSchema,
  type NetworkContent,
  networkSchema,
} from './schema.ts';
import { type BmcContent, bmcSchema } from './schema-bmc.ts';
import { type DriverContent, driverSchema } from './schema-drivers.ts';
import { type ExportsContent, exportsSchema } from './schema-exports.ts';
import { type FaultsContent, faultsSchema } from './schema-faults.ts';
import { foreignKeys, keysAt } from './schema-keys.ts';
import { type NotifyContent, notifySchema } from './schema-notify.ts';
import {
  type HostContent,
  hostSchema,
  type RouterContent,
  routerSchema,
  type ServerGroupsContent,
  type ServiceContent,
} from './schema-openstack.ts';
import type { DriverName } from './schema-parts.ts';
import { type RedfishContent, redfishSchema } from './schema-redfish.ts';
import { reportIssues } from './shape.ts';

/** What could be read of a lab file. A part that could not be is left out, so that the others are checked all the same. */
export interface Draft {
  readonly lab: string | undefined;
  readonly driver: DriverContent | undefined;
  /** Known even where the driver's options are wrong. */
  readonly driverName: DriverName | undefined;
  readonly networks: ReadonlyMap<string, NetworkContent>;
  readonly networkNames: readonly string[];
  readonly groups: readonly (GroupContent | undefined)[];
  readonly routers: readonly (RouterContent | undefined)[];
  readonly serverGroups: ServerGroupsContent;
  readonly hosts: readonly (HostContent | undefined)[];
  readonly service: ServiceContent | undefined;
  readonly expires: string | undefined;
  readonly bmc: BmcContent | undefined;
  readonly redfish: RedfishContent | undefined;
  readonly notify: NotifyContent | undefined;
  readonly export: ExportsContent | undefined;
  readonly faults: FaultsContent | undefined;
}

/** The lab's name in a file's content, or `undefined` if there is none that can be used. */
export function labNameIn(raw: unknown): string | undefined {
  return isRecord(raw) ? labFileParts.lab.safeParse(raw.lab).data : undefined;
}

/** Reads the shapes of a lab file's parts, and reports those that are wrong. */
export function readDraft(raw: unknown, report: Report): Draft {
  const parts = isRecord(raw) ? raw : {};
  const driverName = driverNameOf(parts.driver);
  const whole = labFileSchema.safeParse(raw);
  if (driverName !== undefined) reportForeignKeys(raw, driverName, report);
  if (whole.success) {
    const { networks, nodes, ...rest } = whole.data;
    const networkNames = Object.keys(networks);
    if (networkNames.length > limits.networks) {
      report(['networks'], `networks has more than ${limits.networks} entries. Split the lab.`, 'key');
    }
    return {
      ...rest,
      driverName,
      networks: new Map(Object.entries(networks)),
      networkNames,
      groups: nodes,
      service: rest.service,
      expires: rest.expires,
      bmc: rest.bmc,
      redfish: rest.redfish,
      notify: rest.notify,
      export: rest.export,
      faults: rest.faults,
    };
  }
  const schema = labFileJsonSchema();
  reportIssues(whole.error.issues, raw, path => keysAt(schema, path), report);

  const networks = new Map<string, NetworkContent>();
  const networkNames = isRecord(parts.networks) ? Object.keys(parts.networks) : [];
  for (const name of networkNames) {
    const network = isRecord(parts.networks) ? networkSchema.safeParse(parts.networks[name]).data : undefined;
    if (network) networks.set(name, network);
  }
  return {
    lab: labNameIn(raw),
    driver: driverSchema.safeParse(parts.driver ?? 'qemu').data,
    driverName,
    networks,
    networkNames,
    groups: eachOf(groupSchema, parts.nodes),
    routers: eachOf(routerSchema, parts.routers),
    serverGroups: labFileParts.serverGroups.safeParse(parts.serverGroups).data ?? {},
    hosts: eachOf(hostSchema, parts.hosts),
    service: labFileParts.service.safeParse(parts.service).data,
    expires: labFileParts.expires.safeParse(parts.expires).data,
    bmc: bmcSchema.safeParse(parts.bmc).data,
    redfish: redfishSchema.safeParse(parts.redfish).data,
    notify: notifySchema.safeParse(parts.notify).data,
    export: exportsSchema.safeParse(parts.export).data,
    faults: faultsSchema.safeParse(parts.faults).data,
  };
}

function reportForeignKeys(raw: unknown, driver: DriverName, report: Report): void {
  for (const key of foreignKeys(labFileJsonSchema(), raw, driver)) {
    const remedy = 'Leave it away, or choose that driver.';
    report(
      key.path,
      `"${key.path.at(-1)}" is for driver ${key.driver}, and this lab's is ${driver}. ${remedy}`,
      'key',
    );
  }
}

function eachOf<Schema extends z.ZodType>(
  schema: Schema,
  list: unknown,
): readonly (z.output<Schema> | undefined)[] {
  return Array.isArray(list) ? list.map(item => schema.safeParse(item).data) : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
