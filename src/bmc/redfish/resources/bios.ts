import { z } from 'zod';
import { nextSettings } from '../../../node/firmware-settings.ts';
import type { Node } from '../../../node/node.ts';
import type { JsonObject } from '../json.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishBmc } from '../model.ts';
import { obey } from '../nodes/obey.ts';
import { systemPath } from '../nodes/paths.ts';
import { action, done, link, nodeResource, writing } from '../resource.ts';
import {
  type AttributesContent,
  attributesContent,
  attributesOf,
  biosAttributes,
  isSettable,
  settingsOf,
} from './bios-attributes.ts';
import { biosRegistryId } from './bios-registry.ts';
import { bmcTime } from './managers.ts';

/** A node's firmware settings: those of the latest boot, and those of the next one. @see schema Bios */

const applyTimes = ['OnReset'] as const;

export const bios = nodeResource({
  path: '/redfish/v1/Systems/{system}/Bios',
  schema: 'Bios',
  read: ({ bmc }) => {
    const { node } = bmc;
    const { current, next } = node.state.durable.firmware;
    return {
      Id: 'Bios',
      Name: 'BIOS Settings',
      AttributeRegistry: biosRegistryId,
      Attributes: attributesOf(node, current),
      ...(isSettable(node) && {
        ResetBiosToDefaultsPending: next !== undefined && Object.keys(next).length === 0,
        '@Redfish.Settings': {
          '@odata.type': '#Settings.v1_4_0.Settings',
          SettingsObject: link(`${systemPath(bmc)}/Bios/Settings`),
          // Instead of the list itself, which DMTF's interoperability validator never finds to hold what a profile asks.
          'SupportedApplyTimes@Redfish.AllowableValues': applyTimes,
          ...lastApplied(bmc),
        },
      }),
    } satisfies JsonObject;
  },
  actions: {
    'Bios.ResetBios': action(
      z.strictObject({}),
      async ({ bmc, user }) => {
        await obey(bmc.node, { type: 'reset-firmware', by: user.name });
        return done;
      },
      { available: ({ bmc }) => isSettable(bmc.node) },
    ),
  },
});

export const biosSettings = nodeResource({
  path: '/redfish/v1/Systems/{system}/Bios/Settings',
  schema: 'Bios',
  read: ({ bmc: { node } }) => {
    if (!isSettable(node)) return undefined;
    const { changed } = nextSettings(node.state.durable.firmware);
    return {
      Id: 'Settings',
      Name: 'BIOS Settings of the Next Boot',
      AttributeRegistry: biosRegistryId,
      Attributes: attributesOf(node, changed),
    };
  },
  patch: writing(
    z.strictObject({
      Attributes: attributesContent.optional(),
      '@Redfish.SettingsApplyTime': z
        .strictObject({
          '@odata.type': z.string().optional(),
          ApplyTime: z.enum(applyTimes).optional(),
        })
        .optional(),
    }),
    async ({ bmc: { node }, user }, { Attributes: attributes = {} }) => {
      checkFit(node, attributes);
      const settings = settingsOf(attributes);
      if (Object.keys(settings).length > 0) {
        await obey(node, { type: 'set-firmware', settings, by: user.name }, ['/Attributes']);
      }
      return done;
    },
  ),
});

/** @throws RedfishProblem when this node's firmware cannot be set so */
function checkFit(node: Node, attributes: AttributesContent): void {
  const { spec, capabilities } = node;
  const problems = biosAttributes.flatMap(({ name, setting }) => {
    const value = attributes[name];
    if (value === undefined) return [];
    const property = `Attributes/${name}`;
    const pointer = [`/${property}`];
    if (!capabilities.firmwareSettings.includes(setting)) {
      return [message('Base.PropertyNotWritable', [property], pointer)];
    }
    if (name === 'NetworkBootNics' && Number(value) > spec.nics.length) {
      return [message('Base.PropertyValueOutOfRange', [value, property], pointer)];
    }
    const mode = settingsOf(attributes).mode;
    if (name === 'BootMode' && mode && !capabilities.firmwareModes.includes(mode)) {
      return [message('Base.PropertyValueNotInList', [value, property], pointer)];
    }
    return [];
  });
  const [first, ...others] = problems;
  if (first) throw new RedfishProblem(400, [first, ...others]);
}

/** When a boot last took settings up, and what came of that: they always apply as they are. */
function lastApplied(bmc: RedfishBmc): JsonObject {
  const applied = bmc.node.state.log.entries.findLast(({ kind }) => kind === 'firmware-taken-up');
  if (!applied) return { Messages: [] };
  return {
    Time: bmcTime(bmc, applied.at),
    Messages: [{ ...message('Base.Success') }],
  };
}
