import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { chassisPath, systemPath } from '../nodes/paths.ts';
import { collectionBody, link, type NodeAt, nodeResource } from '../resource.ts';
import { working } from './status.ts';

/** The disks of a node's system: one subsystem, whose controller hands each through as it is. @see schema Storage */

const protocol = 'PCIe';

/** Drives and volumes are called what the lab file calls the disk. */

export function storagePath(bmc: RedfishBmc): string {
  return `${systemPath(bmc)}/Storage/1`;
}

export function drivePath(bmc: RedfishBmc, disk: string): string {
  return `${chassisPath(bmc)}/Drives/${encodeURIComponent(disk)}`;
}

export function volumePath(bmc: RedfishBmc, disk: string): string {
  return `${storagePath(bmc)}/Volumes/${encodeURIComponent(disk)}`;
}

export const storageCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/Storage',
  schema: 'StorageCollection',
  read: ({ bmc }) => collectionBody('Storage', [storagePath(bmc)]),
});

export const storage = nodeResource({
  path: '/redfish/v1/Systems/{system}/Storage/1',
  schema: 'Storage',
  read: ({ bmc, path }) => {
    const { disks } = bmc.node.spec;
    return {
      Id: '1',
      Name: 'Local Storage',
      Status: { ...working, HealthRollup: 'OK' },
      Controllers: link(`${path}/Controllers`),
      // Before Storage 1.9 its controllers were in it; clients of then look for them there.
      StorageControllers: [
        {
          '@odata.id': `${path}#/StorageControllers/0`,
          MemberId: '0',
          Name: 'Storage Controller',
          SupportedControllerProtocols: [protocol],
          SupportedDeviceProtocols: [protocol],
          SupportedRAIDTypes: ['None'],
          Status: working,
        },
      ],
      'StorageControllers@odata.count': 1,
      Drives: disks.map(({ name }) => link(drivePath(bmc, name))),
      'Drives@odata.count': disks.length,
      Volumes: link(`${path}/Volumes`),
      Links: {
        SimpleStorage: link(`${systemPath(bmc)}/SimpleStorage/1`),
        Enclosures: [link(chassisPath(bmc))],
        'Enclosures@odata.count': 1,
      },
    };
  },
});

export const storageControllerCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/Storage/1/Controllers',
  schema: 'StorageControllerCollection',
  read: ({ path }) => collectionBody('Storage Controllers', [`${path}/1`]),
});

export const storageController = nodeResource({
  path: '/redfish/v1/Systems/{system}/Storage/1/Controllers/1',
  schema: 'StorageController',
  read: ({ bmc }) => ({
    Id: '1',
    Name: 'Storage Controller',
    SupportedControllerProtocols: [protocol],
    SupportedDeviceProtocols: [protocol],
    SupportedRAIDTypes: ['None'],
    Status: working,
    Links: {
      AttachedVolumes: bmc.node.spec.disks.map(({ name }) => link(volumePath(bmc, name))),
      'AttachedVolumes@odata.count': bmc.node.spec.disks.length,
    },
  }),
});

export const driveCollection = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/Drives',
  schema: 'DriveCollection',
  read: ({ bmc }) =>
    collectionBody(
      'Drives',
      bmc.node.spec.disks.map(({ name }) => drivePath(bmc, name)),
    ),
});

export const drive = nodeResource({
  path: '/redfish/v1/Chassis/{chassis}/Drives/{drive}',
  schema: 'Drive',
  read: ({ bmc, params }) => {
    const disk = diskOf(bmc, params.drive);
    return (
      disk && {
        Id: disk.name,
        Name: `Disk ${disk.name}`,
        Model: driveModel,
        ...serialNumber(bmc, disk.name),
        CapacityBytes: disk.size,
        BlockSizeBytes: blockSize,
        MediaType: 'HDD',
        Protocol: protocol,
        Status: working,
        Links: {
          Chassis: link(chassisPath(bmc)),
          Storage: link(storagePath(bmc)),
          Volumes: [link(volumePath(bmc, disk.name))],
          'Volumes@odata.count': 1,
        },
      }
    );
  },
});

export const volumeCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/Storage/1/Volumes',
  schema: 'VolumeCollection',
  read: ({ bmc }) => ({
    ...collectionBody(
      'Volumes',
      bmc.node.spec.disks.map(({ name }) => volumePath(bmc, name)),
    ),
    '@Redfish.OperationApplyTimeSupport': {
      '@odata.type': '#Settings.v1_4_0.OperationApplyTimeSupport',
      SupportedValues: ['Immediate'],
    },
  }),
});

export const volume = nodeResource({
  path: '/redfish/v1/Systems/{system}/Storage/1/Volumes/{volume}',
  schema: 'Volume',
  read: ({ bmc, params }) => {
    const disk = diskOf(bmc, params.volume);
    return (
      disk && {
        Id: disk.name,
        Name: `Volume ${disk.name}`,
        RAIDType: 'None',
        CapacityBytes: disk.size,
        BlockSizeBytes: blockSize,
        Encrypted: false,
        Status: working,
        Links: {
          Drives: [link(drivePath(bmc, disk.name))],
          'Drives@odata.count': 1,
          OwningStorageResource: link(storagePath(bmc)),
        },
      }
    );
  },
});

export const simpleStorageCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/SimpleStorage',
  schema: 'SimpleStorageCollection',
  read: ({ path }) => collectionBody('Simple Storage', [`${path}/1`]),
});

export const simpleStorage = nodeResource({
  path: '/redfish/v1/Systems/{system}/SimpleStorage/1',
  schema: 'SimpleStorage',
  read: ({ bmc }: NodeAt) => ({
    Id: '1',
    Name: 'Local Storage',
    Status: working,
    Devices: bmc.node.spec.disks.map(({ name, size }) => ({
      Name: `Disk ${name}`,
      Model: driveModel,
      CapacityBytes: size,
      Status: working,
    })),
    Links: { Chassis: link(chassisPath(bmc)), Storage: link(storagePath(bmc)) },
  }),
});

const driveModel = 'Virtual Disk';

/** Bytes: what virtio tells guests unless asked otherwise. */
const blockSize = 512;

/** Bytes of a serial number that virtio tells. @see VIRTIO 1.1 §5.2.6.1 */
const longestSerial = 20;

function diskOf({ node }: RedfishBmc, name: string | undefined) {
  return node.spec.disks.find(disk => disk.name === name);
}

/** As the guest reads it; what a cloud gives its disks is not known here. */
function serialNumber({ driver }: RedfishBmc, disk: string): JsonObject {
  return driver === 'openstack' ? {} : { SerialNumber: disk.slice(0, longestSerial) };
}
