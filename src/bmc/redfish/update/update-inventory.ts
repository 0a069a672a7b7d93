import type { RedfishBmc, RedfishService } from '../model.ts';

/** Firmware of a node that clients can put another version of: its controller's, and that by which it boots. */
export type FirmwareKind = 'BMC' | 'BIOS';

export const firmwareKinds: readonly FirmwareKind[] = ['BMC', 'BIOS'];

/** One piece of firmware. */
export interface Firmware {
  readonly kind: FirmwareKind;
  readonly bmc: RedfishBmc;
}

const inventory = '/redfish/v1/UpdateService/FirmwareInventory';

/** ID in the inventory: `BMC-NODE`. */
export function firmwareId({ kind, bmc }: Firmware): string {
  return `${kind}-${bmc.id}`;
}

/** URI in the inventory. */
export function firmwarePath(firmware: Firmware): string {
  return `${inventory}/${firmwareId(firmware)}`;
}

/** All firmware that a service shows. */
export function allFirmware({ bmcs }: Pick<RedfishService, 'bmcs'>): readonly Firmware[] {
  return [...bmcs.values()].flatMap(bmc => firmwareKinds.map(kind => ({ kind, bmc })));
}

/** A piece of firmware by its ID. */
export function findFirmware({ bmcs }: Pick<RedfishService, 'bmcs'>, id: string): Firmware | undefined {
  const kind = firmwareKinds.find(prefix => id.startsWith(`${prefix}-`));
  const bmc = kind && bmcs.get(id.slice(kind.length + 1));
  return bmc && { kind, bmc };
}

/**
 * The version that is in place: that of the latest update, else what the node came with.
 * @param version - this project's, which is that of every controller
 * @returns `undefined` for what a machine boots by, of which drivers tell no version
 */
export function firmwareVersion(firmware: Firmware, version: string): string | undefined {
  const updated = firmware.bmc.settings.value.firmware[firmwareId(firmware)];
  return updated ?? (firmware.kind === 'BMC' ? version : undefined);
}
