import { z } from 'zod';
import {
  type ChangedSettings,
  type FirmwareSettings,
  firmwareSettings,
} from '../../../node/firmware-settings.ts';
import type { Node } from '../../../node/node.ts';
import type { Json, JsonObject } from '../json.ts';
import { modeNames, modeOf, nameOfMode } from './system-boot.ts';

/** Firmware settings as BIOS attributes. The boot order is no attribute: Redfish has it at the system. */

const switchNames = ['Enabled', 'Disabled'] as const;

/** Most network cards that any node may have. */
export const mostNics = 64;

/** What clients may write; all of it at once, or some. */
export const attributesContent = z.strictObject({
  BootMode: z.enum(modeNames).optional(),
  SecureBoot: z.enum(switchNames).optional(),
  SerialConsole: z.enum(switchNames).optional(),
  NetworkBootNics: z.int().min(0).max(mostNics).optional(),
});
export type AttributesContent = z.infer<typeof attributesContent>;

/** An attribute's name. */
export type AttributeName = keyof AttributesContent;

/** What an attribute sets, and how its registry describes it. */
export interface BiosAttribute {
  readonly name: AttributeName;
  readonly setting: keyof FirmwareSettings;
  readonly display: string;
  readonly help: string;
  readonly type:
    | { readonly kind: 'Enumeration'; readonly values: readonly string[] }
    | { readonly kind: 'Integer'; readonly least: number; readonly most: number };
  readonly read: (settings: FirmwareSettings) => Json;
}

/** All attributes, in the order in which they are shown. */
export const biosAttributes: readonly BiosAttribute[] = [
  {
    name: 'BootMode',
    setting: 'mode',
    display: 'Boot mode',
    help: 'Whether the node starts by a legacy BIOS or by UEFI.',
    type: { kind: 'Enumeration', values: modeNames },
    read: ({ mode }) => nameOfMode[mode],
  },
  {
    name: 'SecureBoot',
    setting: 'secureBoot',
    display: 'Secure Boot',
    help: 'Whether only signed software is started. It has an effect under UEFI alone.',
    type: { kind: 'Enumeration', values: switchNames },
    read: ({ secureBoot }) => nameOfSwitch(secureBoot),
  },
  {
    name: 'SerialConsole',
    setting: 'serialConsole',
    display: 'Serial console',
    help: 'Whether the firmware is shown and operated on the serial port.',
    type: { kind: 'Enumeration', values: switchNames },
    read: ({ serialConsole }) => nameOfSwitch(serialConsole),
  },
  {
    name: 'NetworkBootNics',
    setting: 'netbootNics',
    display: 'Network cards that boot',
    help: 'How many network cards, from the first on, boot from the network.',
    type: { kind: 'Integer', least: 0, most: mostNics },
    read: ({ netbootNics }) => netbootNics,
  },
];

/** Whether any attribute is for clients to set. */
export function isSettable({ capabilities }: Node): boolean {
  return biosAttributes.some(({ setting }) => capabilities.firmwareSettings.includes(setting));
}

/** A node's attributes with their values: those that can be set, and those that are known of every machine. */
export function attributesOf({ spec, capabilities }: Node, changed: ChangedSettings): JsonObject {
  const settings = firmwareSettings(spec, changed);
  return Object.fromEntries(
    biosAttributes
      .filter(
        ({ setting }) => alwaysKnown.includes(setting) || capabilities.firmwareSettings.includes(setting),
      )
      .map(({ name, read }) => [name, read(settings)]),
  );
}

const alwaysKnown: readonly (keyof FirmwareSettings)[] = ['mode', 'secureBoot'];

/** The settings that attributes stand for. */
export function settingsOf({
  BootMode: mode,
  SecureBoot: secureBoot,
  SerialConsole: serialConsole,
  NetworkBootNics: netbootNics,
}: AttributesContent): ChangedSettings {
  return {
    ...(mode && { mode: modeOf[mode] }),
    ...(secureBoot && { secureBoot: secureBoot === 'Enabled' }),
    ...(serialConsole && { serialConsole: serialConsole === 'Enabled' }),
    ...(netbootNics !== undefined && { netbootNics }),
  };
}

function nameOfSwitch(on: boolean): (typeof switchNames)[number] {
  return on ? 'Enabled' : 'Disabled';
}
