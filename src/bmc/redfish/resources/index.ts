import type { Route } from '../resource.ts';
import { bios, biosSettings } from './bios.ts';
import { biosRegistry, biosRegistryFile } from './bios-registry.ts';
import { bootOption, bootOptionCollection } from './boot-options.ts';
import { computerSystem, computerSystemCollection } from './computer-system.ts';
import { ethernetInterface, ethernetInterfaceCollection } from './ethernet-interfaces.ts';
import { memory, memoryCollection } from './memory.ts';
import { processor, processorCollection } from './processors.ts';
import { secureBoot } from './secure-boot.ts';
import {
  drive,
  simpleStorage,
  simpleStorageCollection,
  storage,
  storageCollection,
  storageController,
  storageControllerCollection,
  volume,
  volumeCollection,
} from './storage.ts';

/** Every path that the service answers. */
export const routes: readonly Route[] = [
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
  storageCollection,
  storage,
  storageControllerCollection,
  storageController,
  drive,
  volumeCollection,
  volume,
  simpleStorageCollection,
  simpleStorage,
];
