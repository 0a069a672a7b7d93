import type { NextBoot } from '../../../node/boot.ts';
import type { ServerControl } from '../server-control.ts';
import { noStrategy } from './none.ts';
import type { Strategy } from './strategy.ts';

/** The metadata, and extra spec of a flavor, that a patched Nova reads when it starts a machine. */
export const pxeFirstKey = 'libvirt:pxe-first';

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
    await noStrategy.powerOn(control, boot, signal);
  },
  async reset(control, boot, signal) {
    await setOrder(control, boot, signal);
    await noStrategy.reset(control, boot, signal);
  },
};

async function setOrder(control: ServerControl, { target }: NextBoot, signal: AbortSignal): Promise<void> {
  const ctx = { reason: 'power', signal };
  const set = control.server.metadata[pxeFirstKey] !== undefined;
  if (target === 'pxe') {
    await control.ask(() => control.calls.setMetadata(control.id, { [pxeFirstKey]: '1' }, ctx), signal);
  } else if (set) {
    await control.ask(() => control.calls.deleteMetadata(control.id, pxeFirstKey, ctx), signal);
  }
}
