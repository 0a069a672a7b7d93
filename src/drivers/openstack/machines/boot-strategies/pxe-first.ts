import type { NextBoot } from '../../../../node/boot.ts';
import type { Server } from '../../client/compute-types.ts';
import type { ServerControl } from '../server-control.ts';
import { noStrategy } from './none.ts';
import type { Strategy } from './strategy.ts';

/** The metadata, and extra spec of a flavor, that a patched Nova reads when it starts a machine. */
export const pxeFirstKey = 'libvirt:pxe-first';

/** Why it is believed that a server's Nova honours it; `undefined` when nothing says so. */
export function pxeFirstSign({ metadata, flavor }: Server): string | undefined {
  if (flavor?.extra_specs?.[pxeFirstKey] !== undefined) return `its flavor has the extra spec ${pxeFirstKey}`;
  return metadata[pxeFirstKey] === undefined ? undefined : `its metadata has ${pxeFirstKey}`;
}

/** A Nova that was patched to boot from the network first when a server's metadata says so. */
export const pxeFirstStrategy: Strategy = {
  ...noStrategy,
  name: 'pxe-first',
  capabilities: { ...noStrategy.capabilities, bootTargets: ['default', 'disk', 'pxe'] },
  limits: [
    'What it boots is decided when it is powered on or reset; when the guest restarts the machine, it boots as it did before.',
    ...noStrategy.limits.slice(1),
  ],
  async powerOn(control, boot, signal) {
    await setOrder(control, boot, signal);
    return noStrategy.powerOn(control, boot, signal);
  },
  async reset(control, boot, signal) {
    await setOrder(control, boot, signal);
    await noStrategy.reset(control, boot, signal);
  },
};

async function setOrder(control: ServerControl, { target }: NextBoot, signal: AbortSignal): Promise<void> {
  const ctx = { reason: 'power', signal };
  const { metadata } = await control.fresh(signal);
  if (target === 'pxe') {
    await control.ask(() => control.calls.setMetadata(control.id, { [pxeFirstKey]: '1' }, ctx), signal);
  } else if (metadata[pxeFirstKey] !== undefined) {
    await control.ask(() => control.calls.deleteMetadata(control.id, pxeFirstKey, ctx), signal);
  }
}
