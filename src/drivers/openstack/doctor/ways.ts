import { type Finding, fine, warn } from '../../../support/finding.ts';
import { silentLog } from '../../../support/log.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { CallContext } from '../client/call.ts';
import type { OpenStack } from '../client/openstack.ts';
import { pxeFirstKey } from '../machines/boot-strategies/pxe-first.ts';
import { findIpxeImages, ipxeTag } from '../machines/ipxe-images.ts';
import { powerOf } from '../machines/power-state.ts';

/** What the cloud offers to instances beside power: a console, and ways to boot those that no lab made. */
export async function* examineWays(openstack: OpenStack, ctx: CallContext): AsyncIterable<Finding> {
  yield await examineConsole(openstack, ctx);
  yield await examineRescue(openstack);
  yield await examinePxeFirst(openstack, ctx);
}

async function examineConsole(openstack: OpenStack, ctx: CallContext): Promise<Finding> {
  const check = 'serial console';
  const { servers } = await openstack.compute.listServers({ details: true }, ctx);
  const running = servers.find(server => powerOf(server) === 'on');
  if (!running) return fine(check, 'cannot be told without an instance that runs');
  try {
    await openstack.compute.serialConsole(running.id, ctx);
    return fine(check, 'a websocket: what is typed reaches the machine');
  } catch (error) {
    if (!isOpenStackError(error)) throw error;
    return warn(check, `the console log only, to be read: ${error.message}`, 'Labs do without it.');
  }
}

async function examineRescue(openstack: OpenStack): Promise<Finding> {
  const check = 'rescue mode';
  const { rescue } = await findIpxeImages(openstack, { log: silentLog });
  if (rescue !== undefined) return fine(check, `image ${rescue} boots adopted instances from the network`);
  return fine(
    check,
    `no image with the tag ${ipxeTag} and hw_rescue_device: instances that no lab made boot from their disk only`,
  );
}

async function examinePxeFirst(openstack: OpenStack, ctx: CallContext): Promise<Finding> {
  const check = pxeFirstKey;
  const flavors = await openstack.compute.flavors(ctx);
  const marked = flavors.filter(({ extra_specs = {} }) => extra_specs[pxeFirstKey] !== undefined);
  if (marked.length === 0) return fine(check, 'no flavor has it: taken not to be honoured');
  return fine(check, `taken to be honoured: the flavor ${marked.map(({ name }) => name).join(', ')} has it`);
}
