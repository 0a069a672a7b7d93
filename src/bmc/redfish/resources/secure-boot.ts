import { z } from 'zod';
import { firmwareSettings, nextSettings } from '../../../node/firmware-settings.ts';
import type { Node } from '../../../node/node.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { obey } from '../nodes/obey.ts';
import { done, nodeResource, writing } from '../resource.ts';

/** UEFI Secure Boot of a node. @see schema SecureBoot */

const property = 'SecureBootEnable';
const pointer = [`/${property}`];

/** Whether a node knows secure boot: it can be set, or the platform has made the node a UEFI machine. */
export function hasSecureBoot({ spec, capabilities }: Node): boolean {
  return capabilities.firmwareSettings.includes('secureBoot') || spec.firmware === 'uefi';
}

export const secureBoot = nodeResource({
  path: '/redfish/v1/Systems/{system}/SecureBoot',
  schema: 'SecureBoot',
  read: ({ bmc: { node } }) => {
    if (!hasSecureBoot(node)) return undefined;
    const { spec, state } = node;
    const { firmware } = state.durable;
    const current = firmwareSettings(spec, firmware.current);
    const secured = current.mode === 'uefi' && current.secureBoot;
    return {
      Id: 'SecureBoot',
      Name: 'UEFI Secure Boot',
      SecureBootEnable: firmwareSettings(spec, nextSettings(firmware).changed).secureBoot,
      SecureBootCurrentBoot: secured && state.power === 'on' ? 'Enabled' : 'Disabled',
      // Keys are enrolled in the firmware that checks signatures, and only there.
      SecureBootMode: secured ? 'UserMode' : 'SetupMode',
    };
  },
  patch: writing(
    z.strictObject({ SecureBootEnable: z.boolean().optional() }),
    async ({ bmc: { node }, user }, { SecureBootEnable: secureBoot }) => {
      if (secureBoot === undefined) return done;
      const { changed } = nextSettings(node.state.durable.firmware);
      const next = firmwareSettings(node.spec, changed);
      if (secureBoot === next.secureBoot) return done;
      if (!node.capabilities.firmwareSettings.includes('secureBoot')) {
        throw new RedfishProblem(400, message('Base.PropertyNotWritable', [property], pointer));
      }
      if (secureBoot && next.mode !== 'uefi') {
        const args = [property, 'Boot/BootSourceOverrideMode'];
        throw new RedfishProblem(409, message('Base.PropertyValueConflict', args, pointer));
      }
      await obey(node, { type: 'set-firmware', settings: { secureBoot }, by: user.name }, pointer);
      return done;
    },
  ),
});
