import { z } from 'zod';
import type { Node } from '../../../node/node.ts';
import type { PowerAction } from '../../../node/power.ts';
import { missingStep } from '../../../node/power-rules.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { obey } from '../nodes/obey.ts';
import { type Action, action, done, type NodeAt } from '../resource.ts';
import { followOperation } from '../tasks/power-tasks.ts';

/** Power of a system. @see schema ComputerSystem, Reset; schema Resource, ResetType */

const resetTypes = [
  'On',
  'ForceOn',
  'ForceOff',
  'GracefulShutdown',
  'GracefulRestart',
  'ForceRestart',
  'PowerCycle',
  'PushPowerButton',
  'Nmi',
] as const;
type ResetType = (typeof resetTypes)[number];

/** What each type does to a machine that is on, and to one that is off: a restart of what is off is a start. */
const actionsOf: Readonly<Record<ResetType, { readonly on: PowerAction; readonly off: PowerAction }>> = {
  On: { on: 'on', off: 'on' },
  ForceOn: { on: 'on', off: 'on' },
  ForceOff: { on: 'off', off: 'off' },
  GracefulShutdown: { on: 'soft-off', off: 'soft-off' },
  GracefulRestart: { on: 'graceful-restart', off: 'on' },
  ForceRestart: { on: 'reset', off: 'on' },
  PowerCycle: { on: 'cycle', off: 'on' },
  PushPowerButton: { on: 'soft-off', off: 'on' },
  Nmi: { on: 'nmi', off: 'nmi' },
};

export const reset: Action<NodeAt> = action(
  z.strictObject({ ResetType: z.enum(resetTypes).default('On') }),
  async (at, { ResetType: type }) => {
    const { node } = at.bmc;
    if (!resetTypesOf(node).includes(type)) {
      const args = [type, 'ResetType', 'ComputerSystem.Reset'];
      throw new RedfishProblem(400, message('Base.ActionParameterValueNotInList', args, ['/ResetType']));
    }
    const power = actionsOf[type][node.state.power === 'off' ? 'off' : 'on'];
    const { operation } = await obey(node, { type: 'power', action: power, by: at.user.name });
    if (!at.respondAsync || operation === undefined) return done;
    const target = {
      path: `${at.path}/Actions/ComputerSystem.Reset`,
      method: 'POST',
      body: { ResetType: type },
    };
    return {
      kind: 'task',
      task: at.service.tasks.start(`${type} ${at.bmc.id}`, target, followOperation(node, operation)),
    };
  },
  { allowable: ({ bmc }) => ({ 'ResetType@Redfish.AllowableValues': resetTypesOf(bmc.node) }) },
);

function resetTypesOf({ capabilities }: Node): readonly ResetType[] {
  const can = (power: PowerAction) => missingStep(power, capabilities) === undefined;
  return resetTypes.filter(type => can(actionsOf[type].on) && can(actionsOf[type].off));
}
