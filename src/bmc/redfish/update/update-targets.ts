import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishBmc, RedfishService } from '../model.ts';
import {
  type Firmware,
  type FirmwareKind,
  findFirmware,
  firmwareId,
  firmwareKinds,
} from './update-inventory.ts';

/** What an update is for, before it is known what its image holds: firmware of a node, and of which kinds. */
export interface UpdateTarget {
  readonly bmc: RedfishBmc;
  readonly kinds: readonly FirmwareKind[];
}

/**
 * What the URIs of a request name: firmware of the inventory, a node's system, chassis or manager, or a collection of
 * those. Without any, all nodes of the service.
 * @param property - pointer of the request's property
 * @throws RedfishProblem 400 when there is nothing at a URI that can be updated
 */
export function updateTargets(
  service: RedfishService,
  uris: readonly string[],
  property = '/Targets',
): readonly UpdateTarget[] {
  if (uris.length === 0) return all(service, firmwareKinds);
  return uris.flatMap(uri => {
    const found = targetsAt(service, uri);
    if (found) return found;
    throw new RedfishProblem(400, message('Base.ResourceMissingAtURI', [uri.slice(0, 200)], [property]));
  });
}

/**
 * The firmware that an image goes to.
 * @param kind - what the image is for
 */
export function chosenFirmware(
  targets: readonly UpdateTarget[],
  excluded: readonly UpdateTarget[],
  kind: FirmwareKind | undefined,
): readonly Firmware[] {
  const isExcluded = ({ bmc, kind }: Firmware) =>
    excluded.some(other => other.bmc === bmc && other.kinds.includes(kind));
  const chosen = new Map<string, Firmware>();
  for (const { bmc, kinds } of targets) {
    // An image that does not say what it is for is for what the target is, and else for the controller.
    const wanted = kind ?? (kinds.length === 1 ? kinds[0] : 'BMC');
    if (wanted === undefined || !kinds.includes(wanted)) continue;
    const firmware = { bmc, kind: wanted };
    if (!isExcluded(firmware)) chosen.set(firmwareId(firmware), firmware);
  }
  return [...chosen.values()];
}

/** Which kinds of firmware belong to what a path names. */
const kindsOf: Readonly<Record<string, readonly FirmwareKind[]>> = {
  Systems: firmwareKinds,
  Chassis: firmwareKinds,
  Managers: ['BMC'],
};

function targetsAt(service: RedfishService, uri: string): readonly UpdateTarget[] | undefined {
  const [root, version, name = '', id, ...more] = uri.replace(/\/$/, '').split('/').slice(1);
  if (root !== 'redfish' || version !== 'v1') return undefined;
  if (name === 'UpdateService' && id === 'FirmwareInventory') return inventoryTargets(service, more);
  const kinds = kindsOf[name];
  if (!kinds || more.length > 0) return undefined;
  if (id === undefined) return all(service, kinds);
  const bmc = service.find(id);
  return bmc && [{ bmc, kinds }];
}

function inventoryTargets(
  service: RedfishService,
  [id, ...more]: readonly string[],
): readonly UpdateTarget[] | undefined {
  if (id === undefined) return all(service, firmwareKinds);
  const found = more.length === 0 ? findFirmware(service, id) : undefined;
  return found && [{ bmc: found.bmc, kinds: [found.kind] }];
}

function all({ bmcs }: RedfishService, kinds: readonly FirmwareKind[]): readonly UpdateTarget[] {
  return [...bmcs.values()].map(bmc => ({ bmc, kinds }));
}
