import { type Finding, fail, fine, warn } from '../../../support/finding.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { CallContext } from '../client/call.ts';
import type { Server } from '../client/compute-types.ts';
import type { OpenStack } from '../client/openstack.ts';
import type { StrategyChoice } from '../machines/boot-strategies/choose.ts';
import { ipxeTag } from '../machines/ipxe-images.ts';
import { describeServer, isBusy, powerOf } from '../machines/power-state.ts';
import { projectTag } from '../provision/resources/label.ts';

/** Whether an instance is there, and can be powered. */
export function examineInstance(server: Server | undefined): Finding {
  const check = 'instance';
  if (!server) {
    return fail(
      check,
      'there is none: nobody made it, or somebody deleted it',
      'Run up again, which makes it anew.',
    );
  }
  const state = `${server.id} is ${describeServer(server)}`;
  if (server.status === 'ERROR') {
    return fail(
      check,
      state,
      'A power-on tries a hard reboot, which mends some; else delete it and run up again.',
    );
  }
  if (server.locked) return fail(check, `${state} and locked`, `openstack server unlock ${server.id}`);
  if (isBusy(server)) return warn(check, state, 'Wait until Nova is done with that.');
  if (powerOf(server) === 'unknown') return fail(check, `${state}: whether it is on cannot be told`);
  return fine(check, state);
}

/** How a machine is told what to boot. */
export function examineStrategy(
  choice: (StrategyChoice & { readonly limits: readonly string[] }) | undefined,
): Finding {
  const check = 'boot strategy';
  if (!choice) return fail(check, 'not known: its instance was never seen', 'Run up again.');
  const { strategy, reason, limits } = choice;
  const message = `${strategy}: ${reason}`;
  switch (strategy) {
    case 'none':
      return fail(
        check,
        message,
        'It cannot be told to boot from the network: let the lab make it, or give the project an iPXE image to rescue with.',
      );
    case 'director':
      return fine(check, message);
    case 'rescue':
    case 'pxe-first':
    case 'ipxe-disk':
      return warn(check, `${message}. ${limits.join(' ')}`);
  }
}

/** Whether the image that a machine's firmware comes from is there, and ours. */
export async function examineFirmware(
  openstack: OpenStack,
  server: Server,
  ctx: CallContext,
): Promise<Finding> {
  const check = 'firmware';
  const id = typeof server.image === 'object' ? server.image?.id : undefined;
  if (id === undefined) return fail(check, 'the instance was made from no image', 'Run up again.');
  try {
    const image = await openstack.image.get(id, ctx);
    const what = `image ${image.name ?? id}`;
    if (!image.tags.includes(projectTag) || image.tags.includes(ipxeTag)) {
      return fail(check, `${what} is none of ours: it does not ask what to boot`, 'Run up again.');
    }
    if (image.status === 'active') return fine(check, `${what} asks what to boot`);
    return fail(check, `${what} is ${image.status}`, 'Delete it and run up again, which uploads it anew.');
  } catch (error) {
    if (!isOpenStackError(error, 'not-found')) throw error;
    return warn(
      check,
      `image ${id} was deleted: the instance has its copy for as long as it stays on its hypervisor`,
      'Take the lab down and up again when it suits you.',
    );
  }
}
