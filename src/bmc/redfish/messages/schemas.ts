/** The schemas that this service's resources follow, in the versions of DMTF's release 2025.4. @see DSP8010 */
export const schemaVersions = {
  AccountService: 'v1_18_1',
  ActionInfo: 'v1_5_0',
  Assembly: 'v1_6_1',
  AttributeRegistry: 'v1_4_0',
  Bios: 'v1_2_3',
  BootOption: 'v1_0_6',
  Certificate: 'v1_11_0',
  CertificateLocations: 'v1_0_4',
  CertificateService: 'v1_2_1',
  Chassis: 'v1_28_0',
  ComputerSystem: 'v1_27_0',
  Drive: 'v1_22_0',
  EnvironmentMetrics: 'v1_5_0',
  EthernetInterface: 'v1_12_4',
  Event: 'v1_13_0',
  EventDestination: 'v1_16_0',
  EventService: 'v1_12_0',
  Fan: 'v1_6_0',
  GraphicsController: 'v1_0_2',
  HostInterface: 'v1_3_3',
  JsonSchemaFile: 'v1_1_5',
  LogEntry: 'v1_21_0',
  LogService: 'v1_9_0',
  Manager: 'v1_24_0',
  ManagerAccount: 'v1_14_1',
  ManagerNetworkProtocol: 'v1_12_0',
  Memory: 'v1_23_0',
  MessageRegistry: 'v1_7_0',
  MessageRegistryFile: 'v1_1_5',
  MetricDefinition: 'v1_3_5',
  MetricReport: 'v1_5_2',
  MetricReportDefinition: 'v1_4_7',
  NetworkAdapter: 'v1_14_0',
  NetworkDeviceFunction: 'v1_11_1',
  NetworkInterface: 'v1_2_3',
  Port: 'v1_18_0',
  Power: 'v1_7_3',
  PowerSubsystem: 'v1_1_3',
  PowerSupply: 'v1_6_0',
  PrivilegeRegistry: 'v1_2_0',
  Processor: 'v1_22_0',
  Role: 'v1_3_3',
  SecureBoot: 'v1_1_2',
  SecureBootDatabase: 'v1_0_3',
  Sensor: 'v1_12_0',
  SerialInterface: 'v1_3_0',
  ServiceRoot: 'v1_20_0',
  Session: 'v1_8_0',
  SessionService: 'v1_2_0',
  Signature: 'v1_0_3',
  SimpleStorage: 'v1_3_2',
  SoftwareInventory: 'v1_13_0',
  Storage: 'v1_21_0',
  StorageController: 'v1_11_0',
  Task: 'v1_7_4',
  TaskService: 'v1_3_0',
  TelemetryService: 'v1_4_1',
  Thermal: 'v1_7_3',
  ThermalMetrics: 'v1_3_2',
  ThermalSubsystem: 'v1_5_0',
  Triggers: 'v1_4_0',
  UpdateService: 'v1_17_0',
  VirtualMedia: 'v1_6_5',
  Volume: 'v1_10_2',
} as const;

/** Versions of what bodies hold that is no resource itself. */
export const typeVersions = {
  Message: 'v1_3_0',
  Resource: 'v1_23_0',
  Settings: 'v1_4_0',
} as const;

/** Collections of the service's resources. */
export const collectionSchemas = [
  'BootOptionCollection',
  'CertificateCollection',
  'ChassisCollection',
  'ComputerSystemCollection',
  'DriveCollection',
  'EthernetInterfaceCollection',
  'EventDestinationCollection',
  'FanCollection',
  'JsonSchemaFileCollection',
  'LogEntryCollection',
  'LogServiceCollection',
  'ManagerAccountCollection',
  'ManagerCollection',
  'MemoryCollection',
  'MessageRegistryFileCollection',
  'MetricDefinitionCollection',
  'MetricReportCollection',
  'MetricReportDefinitionCollection',
  'NetworkAdapterCollection',
  'NetworkDeviceFunctionCollection',
  'NetworkInterfaceCollection',
  'PortCollection',
  'PowerSupplyCollection',
  'ProcessorCollection',
  'RoleCollection',
  'SensorCollection',
  'SerialInterfaceCollection',
  'SessionCollection',
  'SimpleStorageCollection',
  'SoftwareInventoryCollection',
  'StorageCollection',
  'StorageControllerCollection',
  'TaskCollection',
  'VirtualMediaCollection',
  'VolumeCollection',
] as const;

/** A schema with versions. */
export type VersionedSchema = keyof typeof schemaVersions;

/** A schema of a resource; collections have no versions. */
export type SchemaName = VersionedSchema | `${string}Collection`;

/** `@odata.type` of a resource. */
export function typeOf(schema: SchemaName): string {
  return `#${versionedName(schema)}.${schema}`;
}

/** The name of a schema in its version: `ComputerSystem.v1_27_0`; of a collection, its name alone. */
export function versionedName(schema: SchemaName): string {
  const version = schemaVersions[schema as VersionedSchema] as string | undefined;
  return version === undefined ? schema : `${schema}.${version}`;
}

/** Where the service itself shows a schema's file. */
export function schemaUri(schema: SchemaName): string {
  const name = versionedName(schema);
  return `/redfish/v1/JsonSchemas/${name}/${name}.json`;
}
