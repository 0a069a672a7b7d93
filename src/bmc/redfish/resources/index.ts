import type { Route } from '../resource.ts';
import { accountService, privilegeRegistry } from './account-service.ts';
import { account, accountCollection } from './accounts.ts';
import { bios, biosSettings } from './bios.ts';
import { biosRegistry, biosRegistryFile } from './bios-registry.ts';
import { bootOption, bootOptionCollection } from './boot-options.ts';
import { certificateLocations, certificateService } from './certificate-service.ts';
import { certificate, certificateCollection } from './certificates.ts';
import { chassis, chassisCollection } from './chassis.ts';
import { computerSystem, computerSystemCollection } from './computer-system.ts';
import { environmentMetrics } from './environment-metrics.ts';
import { ethernetInterface, ethernetInterfaceCollection } from './ethernet-interfaces.ts';
import { eventDestination, eventDestinations } from './event-destinations.ts';
import { eventService } from './event-service.ts';
import { eventStream } from './event-stream.ts';
import { fan, fanCollection, thermalMetrics, thermalSubsystem } from './fans.ts';
import { jsonSchema, jsonSchemaCollection, jsonSchemaFile } from './json-schemas.ts';
import { logRoutes } from './log-services.ts';
import { managerEthernet, managerEthernetCollection } from './manager-ethernet.ts';
import { manager, managerCollection } from './managers.ts';
import { memory, memoryCollection } from './memory.ts';
import { metadata } from './metadata.ts';
import {
  networkAdapter,
  networkAdapterCollection,
  networkDeviceFunction,
  networkDeviceFunctionCollection,
  port,
  portCollection,
} from './network-adapters.ts';
import { networkInterface, networkInterfaceCollection } from './network-interfaces.ts';
import { networkProtocol } from './network-protocol.ts';
import { power } from './power.ts';
import { powerSubsystem, powerSupply, powerSupplyCollection } from './power-supplies.ts';
import { processor, processorCollection } from './processors.ts';
import { messageRegistry, messageRegistryFile, registryCollection } from './registries.ts';
import { role, roleCollection } from './roles.ts';
import { secureBoot } from './secure-boot.ts';
import { sensor, sensorCollection } from './sensors.ts';
import { serialInterface, serialInterfaceCollection } from './serial-interfaces.ts';
import { odata, serviceRoot, versions } from './service-root.ts';
import { session, sessionCollection, sessionService } from './session-service.ts';
import { firmwareInventory, softwareInventory } from './software-inventory.ts';
import {
  drive,
  driveCollection,
  simpleStorage,
  simpleStorageCollection,
  storage,
  storageCollection,
  storageController,
  storageControllerCollection,
  volume,
  volumeCollection,
} from './storage.ts';
import { taskService } from './task-service.ts';
import { task, taskMonitor, tasks } from './tasks.ts';
import { telemetryRoutes } from './telemetry-service.ts';
import { thermal } from './thermal.ts';
import { updatePush, updateService } from './update-service.ts';
import { virtualMediaRoutes } from './virtual-media.ts';

/** Every path that the service answers. */
export const routes: readonly Route[] = [
  versions,
  serviceRoot,
  odata,
  metadata,
  sessionService,
  sessionCollection,
  session,
  accountService,
  privilegeRegistry,
  accountCollection,
  account,
  roleCollection,
  role,
  registryCollection,
  messageRegistryFile,
  messageRegistry,
  jsonSchemaCollection,
  jsonSchemaFile,
  jsonSchema,
  computerSystemCollection,
  computerSystem,
  bootOptionCollection,
  bootOption,
  bios,
  biosSettings,
  biosRegistryFile,
  biosRegistry,
  secureBoot,
  processorCollection,
  processor,
  memoryCollection,
  memory,
  ethernetInterfaceCollection,
  ethernetInterface,
  networkInterfaceCollection,
  networkInterface,
  networkAdapterCollection,
  networkAdapter,
  portCollection,
  port,
  networkDeviceFunctionCollection,
  networkDeviceFunction,
  storageCollection,
  storage,
  storageControllerCollection,
  storageController,
  drive,
  driveCollection,
  volumeCollection,
  volume,
  simpleStorageCollection,
  simpleStorage,
  chassisCollection,
  chassis,
  sensorCollection,
  sensor,
  power,
  thermal,
  powerSubsystem,
  powerSupplyCollection,
  powerSupply,
  thermalSubsystem,
  fanCollection,
  fan,
  thermalMetrics,
  environmentMetrics,
  managerCollection,
  manager,
  networkProtocol,
  managerEthernetCollection,
  managerEthernet,
  serialInterfaceCollection,
  serialInterface,
  taskService,
  tasks,
  task,
  taskMonitor,
  eventService,
  eventDestinations,
  eventDestination,
  eventStream,
  ...telemetryRoutes,
  updateService,
  updatePush,
  firmwareInventory,
  softwareInventory,
  ...logRoutes,
  ...virtualMediaRoutes,
  certificateService,
  certificateLocations,
  certificateCollection,
  certificate,
];
