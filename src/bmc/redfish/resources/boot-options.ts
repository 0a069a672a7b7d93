import type { BootTarget } from '../../../node/boot.ts';
import {
  type BootDevice,
  bootDevices,
  firmwareSettings,
  nextSettings,
} from '../../../node/firmware-settings.ts';
import type { Node } from '../../../node/node.ts';
import type { NodeSpec } from '../../../node/spec.ts';
import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { collectionBody, link, nodeResource } from '../resource.ts';
import { ethernetInterfacePath } from './ethernet-interfaces.ts';
import { drivePath } from './storage.ts';

/** What a node's firmware may boot from. Only nodes whose boot order can be set have boot options. */

/** A boot device as Redfish shows it. */
export interface BootOption {
  /** As UEFI calls it: `Boot0000`. It stays the same whatever the order is. */
  readonly reference: string;
  readonly device: BootDevice;
}

/** A node's boot options, by reference; `undefined` when its order is not for clients to set. */
export function bootOptionsOf({ spec, capabilities }: Node): readonly BootOption[] | undefined {
  if (!capabilities.firmwareSettings.includes('bootOrder')) return undefined;
  const has = (device: BootDevice, target: BootTarget) =>
    targetOf(device) !== target || capabilities.bootTargets.includes(target);
  return bootDevices(spec)
    .filter(device => has(device, 'cdrom') && has(device, 'removable'))
    .map((device, index) => ({
      reference: `Boot${index.toString(16).padStart(4, '0').toUpperCase()}`,
      device,
    }));
}

/** The references in the order that the next boot follows. */
export function bootOrderOf(node: Node, options: readonly BootOption[]): readonly string[] {
  const { bootOrder } = firmwareSettings(node.spec, nextSettings(node.state.durable.firmware).changed);
  return bootOrder.flatMap(device => options.find(option => option.device === device)?.reference ?? []);
}

export const bootOptionCollection = nodeResource({
  path: '/redfish/v1/Systems/{system}/BootOptions',
  schema: 'BootOptionCollection',
  read: ({ bmc: { node }, path }) => {
    const options = bootOptionsOf(node);
    return (
      options &&
      collectionBody(
        'Boot Options',
        options.map(({ reference }) => `${path}/${reference}`),
      )
    );
  },
});

export const bootOption = nodeResource({
  path: '/redfish/v1/Systems/{system}/BootOptions/{option}',
  schema: 'BootOption',
  read: ({ bmc, params }) => {
    const { node } = bmc;
    const option = bootOptionsOf(node)?.find(({ reference }) => reference === params.option);
    if (!option) return undefined;
    const { device } = option;
    const { netbootNics } = firmwareSettings(node.spec, nextSettings(node.state.durable.firmware).changed);
    return {
      Id: option.reference,
      Name: displayName(node.spec, device),
      BootOptionReference: option.reference,
      DisplayName: displayName(node.spec, device),
      Alias: alias[targetOf(device)],
      BootOptionEnabled: !device.startsWith('nic') || indexOf(device) < netbootNics,
      ...related(bmc, device),
    } satisfies JsonObject;
  },
});

/** Target by which an override chooses a device of that kind. */
type DeviceTarget = 'disk' | 'pxe' | 'cdrom' | 'removable';

function targetOf(device: BootDevice): DeviceTarget {
  if (device === 'cd') return 'cdrom';
  if (device === 'usb') return 'removable';
  return device.startsWith('disk') ? 'disk' : 'pxe';
}

const alias: Readonly<Record<DeviceTarget, string>> = {
  disk: 'Hdd',
  pxe: 'Pxe',
  cdrom: 'Cd',
  removable: 'Usb',
};

function indexOf(device: BootDevice): number {
  return Number(/\d+$/.exec(device)?.[0] ?? 0);
}

function displayName(spec: NodeSpec, device: BootDevice): string {
  const index = indexOf(device);
  switch (targetOf(device)) {
    case 'disk':
      return `Disk ${spec.disks[index]?.name ?? index}`;
    case 'pxe':
      return `Network card ${index + 1} (${spec.nics[index]?.mac ?? ''})`;
    case 'cdrom':
      return 'CD-ROM drive';
    case 'removable':
      return 'USB stick';
  }
}

/** The part that a boot option is about. */
function related(bmc: RedfishBmc, device: BootDevice): JsonObject {
  const index = indexOf(device);
  const disk = bmc.node.spec.disks[index]?.name;
  const paths = {
    disk: disk === undefined ? undefined : drivePath(bmc, disk),
    pxe: ethernetInterfacePath(bmc, index),
    cdrom: undefined,
    removable: undefined,
  };
  const path = paths[targetOf(device)];
  return path === undefined ? {} : { RelatedItem: [link(path)], 'RelatedItem@odata.count': 1 };
}
