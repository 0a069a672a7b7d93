import { z } from 'zod';
import type { BootOverrideEnabled, BootTarget } from '../../../node/boot.ts';
import type { Command } from '../../../node/command.ts';
import { type ChangedSettings, firmwareSettings, nextSettings } from '../../../node/firmware-settings.ts';
import type { Node } from '../../../node/node.ts';
import type { Firmware } from '../../../node/spec.ts';
import type { JsonObject } from '../json.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishBmc } from '../model.ts';
import { systemPath } from '../nodes/paths.ts';
import { link } from '../resource.ts';
import { bootOptionsOf, bootOrderOf } from './boot-options.ts';

/** The boot source override and the boot order of a system. @see schema ComputerSystem, Boot */

const targetNames = ['None', 'Pxe', 'Hdd', 'Cd', 'Usb', 'BiosSetup', 'Diags'] as const;
type TargetName = (typeof targetNames)[number];

const targetOf: Readonly<Record<TargetName, BootTarget>> = {
  None: 'default',
  Pxe: 'pxe',
  Hdd: 'disk',
  Cd: 'cdrom',
  Usb: 'removable',
  BiosSetup: 'bios-setup',
  Diags: 'diagnostic',
};

const nameOfTarget: Readonly<Record<BootTarget, TargetName>> = {
  default: 'None',
  pxe: 'Pxe',
  disk: 'Hdd',
  // Redfish has no word for a safe mode: IPMI may have asked for it.
  'disk-safe-mode': 'Hdd',
  cdrom: 'Cd',
  removable: 'Usb',
  'bios-setup': 'BiosSetup',
  diagnostic: 'Diags',
};

const enabledNames = ['Disabled', 'Once', 'Continuous'] as const;
type EnabledName = (typeof enabledNames)[number];

const enabledOf: Readonly<Record<EnabledName, BootOverrideEnabled>> = {
  Disabled: 'disabled',
  Once: 'once',
  Continuous: 'continuous',
};

const nameOfEnabled: Readonly<Record<BootOverrideEnabled, EnabledName>> = {
  disabled: 'Disabled',
  once: 'Once',
  continuous: 'Continuous',
};

/** How Redfish calls the two kinds of firmware. */
export const modeNames = ['Legacy', 'UEFI'] as const;
export type ModeName = (typeof modeNames)[number];

export const modeOf: Readonly<Record<ModeName, Firmware>> = { Legacy: 'bios', UEFI: 'uefi' };
export const nameOfMode: Readonly<Record<Firmware, ModeName>> = { bios: 'Legacy', uefi: 'UEFI' };

/** What clients may write. The override is checked as a whole: half of it would be another one. */
export const bootContent = z.strictObject({
  BootSourceOverrideEnabled: z.unknown().optional(),
  BootSourceOverrideTarget: z.unknown().optional(),
  BootSourceOverrideMode: z.unknown().optional(),
  BootOrder: z.array(z.string()).optional(),
});
type BootContent = z.infer<typeof bootContent>;

/** What a system shows as `Boot`. */
export function bootBody(bmc: RedfishBmc): JsonObject {
  const { node } = bmc;
  const { enabled, target } = overrideOf(node);
  const options = bootOptionsOf(node);
  return {
    BootSourceOverrideEnabled: enabled,
    'BootSourceOverrideEnabled@Redfish.AllowableValues': enabledNames,
    BootSourceOverrideTarget: target,
    'BootSourceOverrideTarget@Redfish.AllowableValues': targetsOf(node),
    BootSourceOverrideMode: nameOfMode[nextMode(node)],
    'BootSourceOverrideMode@Redfish.AllowableValues': modesOf(node),
    ...(options && {
      BootOptions: link(`${systemPath(bmc)}/BootOptions`),
      BootOrder: bootOrderOf(node, options),
    }),
  };
}

/**
 * The commands by which a node takes what a client wrote.
 * @throws {@link RedfishProblem} when the node cannot have it
 */
export function bootCommands(node: Node, content: BootContent, by: string): readonly Command[] {
  const { BootOrder: order } = content;
  const enabled = oneOf(enabledNames, 'BootSourceOverrideEnabled', content);
  const target = oneOf(targetsOf(node), 'BootSourceOverrideTarget', content);
  const mode = oneOf(modesOf(node), 'BootSourceOverrideMode', content);
  const settings: ChangedSettings = {
    ...(mode !== undefined && modeOf[mode] !== nextMode(node) && { mode: modeOf[mode] }),
    ...(order && { bootOrder: devicesIn(node, order) }),
  };
  const commands: Command[] = [];
  if (Object.keys(settings).length > 0) commands.push({ type: 'set-firmware', settings, by });
  if (enabled !== undefined || target !== undefined) {
    commands.push({
      type: 'set-boot-override',
      override: merge(node, enabled, target),
      expiresAfter: undefined,
      by,
    });
  }
  return commands;
}

/** The whole boot order as the firmware comes with it; `undefined` when it is not for clients to set. */
export function defaultBootOrder(node: Node, by: string): Command | undefined {
  const options = bootOptionsOf(node);
  return (
    options && { type: 'set-firmware', settings: { bootOrder: options.map(({ device }) => device) }, by }
  );
}

/** The override as clients see it: one that is off has no target. */
function overrideOf(node: Node): { enabled: EnabledName; target: TargetName } {
  const { enabled, target } = node.state.durable.boot;
  return { enabled: nameOfEnabled[enabled], target: enabled === 'disabled' ? 'None' : nameOfTarget[target] };
}

/**
 * What a client that wrote one of the two alone means: `Enabled` is about the target that is shown; a target is for the
 * next boot when no override was on, and `None` ends the override.
 */
function merge(node: Node, wantedEnabled: EnabledName | undefined, wantedTarget: TargetName | undefined) {
  const shown = overrideOf(node);
  const target = wantedTarget ?? shown.target;
  const asBefore = shown.enabled === 'Disabled' ? 'Once' : shown.enabled;
  const enabled = wantedEnabled ?? (target === 'None' ? 'Disabled' : asBefore);
  return {
    enabled: enabledOf[enabled],
    target: enabled === 'Disabled' ? ('default' as const) : targetOf[target],
    detail: undefined,
  };
}

function targetsOf({ capabilities }: Node): readonly TargetName[] {
  return targetNames.filter(name => capabilities.bootTargets.includes(targetOf[name]));
}

function modesOf(node: Node): readonly ModeName[] {
  const { firmwareSettings: settable, firmwareModes } = node.capabilities;
  return settable.includes('mode')
    ? modeNames.filter(name => firmwareModes.includes(modeOf[name]))
    : [nameOfMode[nextMode(node)]];
}

/** How the firmware will start the node next. */
function nextMode({ spec, state }: Node): Firmware {
  return firmwareSettings(spec, nextSettings(state.durable.firmware).changed).mode;
}

/** The devices that a boot order names: all of the node's, each once. */
function devicesIn(node: Node, order: readonly string[]) {
  const options = bootOptionsOf(node);
  const pointer = '/Boot/BootOrder';
  if (!options) {
    throw new RedfishProblem(400, message('Base.PropertyNotWritable', ['Boot/BootOrder'], [pointer]));
  }
  const devices = order.map((reference, index) => {
    const option = options.find(other => other.reference === reference);
    if (option) return option.device;
    const args = [shorten(reference), `Boot/BootOrder/${index}`];
    throw new RedfishProblem(400, message('Base.PropertyValueNotInList', args, [`${pointer}/${index}`]));
  });
  if (new Set(devices).size !== options.length || devices.length !== options.length) {
    const told = message(
      'Base.PropertyValueIncorrect',
      ['Boot/BootOrder', shorten(order.join(', '))],
      [pointer],
    );
    const all = options.map(({ reference }) => reference).join(', ');
    throw new RedfishProblem(400, { ...told, Resolution: `Name each of ${all} once.` });
  }
  return devices;
}

/** The value of a property, if it was written. */
function oneOf<T extends string>(
  allowed: readonly T[],
  property: 'BootSourceOverrideEnabled' | 'BootSourceOverrideTarget' | 'BootSourceOverrideMode',
  content: BootContent,
): T | undefined {
  const value = content[property];
  const found = allowed.find(name => name === value);
  if (value === undefined || found !== undefined) return found;
  const fault = typeof value === 'string' ? 'NotInList' : 'TypeError';
  const args = [shorten(typeof value === 'string' ? value : JSON.stringify(value)), `Boot/${property}`];
  throw new RedfishProblem(400, message(`Base.PropertyValue${fault}`, args, [`/Boot/${property}`]));
}

/** As much of what a client wrote as a message repeats. */
function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
