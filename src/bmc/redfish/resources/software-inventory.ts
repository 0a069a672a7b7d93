import { productOf } from '../../../node/sensors.ts';
import { managerPath, systemPath } from '../nodes/paths.ts';
import { collectionBody, link, serviceResource } from '../resource.ts';
import {
  allFirmware,
  findFirmware,
  firmwareId,
  firmwarePath,
  firmwareVersion,
} from '../update/update-inventory.ts';
import { working } from './status.ts';

const path = '/redfish/v1/UpdateService/FirmwareInventory';

/** @see schema SoftwareInventoryCollection */
export const firmwareInventory = serviceResource({
  path,
  schema: 'SoftwareInventoryCollection',
  volatile: true,
  read: ({ service }) => collectionBody('Firmware Inventory', allFirmware(service).map(firmwarePath)),
});

/** @see schema SoftwareInventory */
export const softwareInventory = serviceResource({
  path: `${path}/{software}`,
  schema: 'SoftwareInventory',
  volatile: true,
  read: ({ service, params }) => {
    const firmware = findFirmware(service, params.software ?? '');
    if (!firmware) return undefined;
    const { kind, bmc } = firmware;
    return {
      Id: firmwareId(firmware),
      Name: `${kind} Firmware of ${bmc.id}`,
      Manufacturer: productOf(bmc.node.spec).manufacturer,
      SoftwareId: kind,
      Version: firmwareVersion(firmware, service.version) ?? null,
      Updateable: true,
      Status: working,
      RelatedItem: [link(kind === 'BMC' ? managerPath(bmc) : systemPath(bmc))],
      'RelatedItem@odata.count': 1,
    };
  },
});
