import type { NextBoot } from '../../../../node/boot.ts';
import { DriverError } from '../../../../node/driver.ts';
import { faultOf, powerOf } from '../power-state.ts';
import { mustBeFree, type ServerControl } from '../server-control.ts';
import { noStrategy } from './none.ts';
import type { Strategy } from './strategy.ts';

/** The tag by which a server's owner allows its root disk to be overwritten. */
export const mayRebuildTag = 'quintupleo:may-rebuild';

/**
 * The machine's root disk is an iPXE image until something is deployed over it; to boot from the network again it is
 * rebuilt to that image.
 * @param imageId - the iPXE image
 */
export function ipxeDiskStrategy(imageId: string): Strategy {
  const rebuild = async (control: ServerControl, signal: AbortSignal) => {
    const server = await control.fresh(signal);
    mustBeFree(server);
    if (!server.tags?.includes(mayRebuildTag)) {
      throw new DriverError(
        'refused',
        `a network boot overwrites this server's root disk, which it does not allow: tag it ${mayRebuildTag} to allow it`,
      );
    }
    await control.ask(() => control.calls.rebuild(control.id, imageId, { reason: 'power', signal }), signal);
    const rebuilt = await control.settled(signal);
    // Such a server looks powered on, or is as off as before.
    if (rebuilt.status === 'ERROR') throw new DriverError('refused', faultOf(rebuilt));
  };

  return {
    ...noStrategy,
    name: 'ipxe-disk',
    capabilities: {
      ...noStrategy.capabilities,
      bootTargets: ['default', 'disk', 'pxe'],
      timeouts: { ...noStrategy.capabilities.timeouts, on: 240_000, reset: 240_000 },
    },
    limits: [
      `A network boot wipes the root disk: it is rebuilt to iPXE, and only where the server's tag ${mayRebuildTag} allows it.`,
      'When the guest restarts the machine, it boots what is on the disk by then.',
      ...noStrategy.limits.slice(1),
    ],
    async powerOn(control, boot, signal) {
      const off = powerOf(await control.fresh(signal)) === 'off';
      if (off && wantsNetwork(boot)) await rebuild(control, signal);
      return noStrategy.powerOn(control, boot, signal);
    },
    async reset(control, boot, signal) {
      const server = await control.fresh(signal);
      if (powerOf(server) === 'off') throw new DriverError('refused', 'the machine is off');
      // A rebuild starts a running machine anew by itself.
      if (wantsNetwork(boot)) await rebuild(control, signal);
      else await noStrategy.reset(control, boot, signal);
    },
  };
}

function wantsNetwork({ target }: NextBoot): boolean {
  return target === 'pxe';
}
