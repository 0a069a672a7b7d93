import { DriverError } from '../../../../node/driver.ts';
import type { Server } from '../../client/compute-types.ts';
import { powerOf } from '../power-state.ts';
import { mustBeFree, type ServerControl } from '../server-control.ts';
import { noStrategy } from './none.ts';
import type { Strategy, StrategyBoot } from './strategy.ts';

/**
 * Network boot is Nova's rescue mode with an iPXE image that has `hw_rescue_device` or `hw_rescue_bus`, so that the
 * machine's disks stay where they are; a boot from a disc is the same with an image that was made of the disc.
 * @param imageId - the iPXE image
 */
export function rescueStrategy(imageId: string): Strategy {
  const rescue = (control: ServerControl, image: string, signal: AbortSignal) =>
    control.ask(() => control.calls.rescue(control.id, image, { reason: 'power', signal }), signal);
  /** What a boot is to be a rescue with; from an empty drive it goes on to the disk. */
  const imageOf = ({ target, disc }: StrategyBoot) =>
    target === 'pxe' ? imageId : target === 'cdrom' ? disc : undefined;

  return {
    ...noStrategy,
    name: 'rescue',
    mediaFrom: 'glance',
    capabilities: {
      ...noStrategy.capabilities,
      actions: [...noStrategy.capabilities.actions, 'set-media'],
      bootTargets: ['default', 'disk', 'pxe', 'cdrom'],
      mediaSlots: ['cd'],
      // Out of rescue and into it again, and the guest is asked each time.
      timeouts: { on: 240_000, off: 240_000, softOff: 240_000, reset: 240_000 },
    },
    limits: [
      'A disc in its drive is an image of the project, and the machine sees it only when it boots from it.',
      'It boots from the network, or from a disc, until it is powered on or reset to boot from disk: a restart by the guest stays there.',
      'Powered off during a network boot, it starts from its disk for a moment first: Nova leaves rescue mode in no other way.',
      ...noStrategy.limits.slice(1),
    ],
    async powerOn(control, boot, signal) {
      const server = await control.fresh(signal);
      if (powerOf(server) === 'on') return false;
      mustBeFree(server);
      if (isRescued(server)) await leave(control, signal);
      const image = imageOf(boot);
      if (image === undefined) return noStrategy.powerOn(control, boot, signal);
      await rescue(control, image, signal);
      return true;
    },
    async powerOff(control, signal) {
      const server = await control.fresh(signal);
      if (isRescued(server) && powerOf(server) === 'on') {
        mustBeFree(server);
        await leave(control, signal);
      }
      await noStrategy.powerOff(control, signal);
    },
    async softOff(control, signal) {
      if (isRescued(await control.fresh(signal))) {
        throw new DriverError(
          'refused',
          'Nova cannot ask a guest in rescue mode to power off: use a hard off',
        );
      }
      return noStrategy.softOff(control, signal);
    },
    async reset(control, boot, signal) {
      const server = await control.fresh(signal);
      if (powerOf(server) === 'off') throw new DriverError('refused', 'the machine is off');
      mustBeFree(server);
      const rescued = isRescued(server);
      if (rescued) await leave(control, signal);
      const image = imageOf(boot);
      if (image !== undefined) await rescue(control, image, signal);
      else if (!rescued) await noStrategy.reset(control, boot, signal);
    },
  };
}

function isRescued(server: Server): boolean {
  return server['OS-EXT-STS:vm_state'] === 'rescued';
}

/** Leaves rescue mode, by which Nova starts the machine from its disk. */
async function leave(control: ServerControl, signal: AbortSignal): Promise<void> {
  await control.ask(() => control.calls.act(control.id, 'unrescue', { reason: 'power', signal }), signal);
  await control.settled(signal);
}
