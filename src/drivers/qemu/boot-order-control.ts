import type { BootOrder } from './boot-order.ts';
import { peripherals } from './peripherals.ts';
import type { QmpClient } from './qmp.ts';

/** Changes the boot order of a running machine; its firmware reads it when it next starts. */
export class BootOrderControl {
  /** A boot index that is larger than all in use; `undefined` before the first look. */
  #free: number | undefined;

  /** Sets the order of the devices that are plugged in. */
  async set(qmp: QmpClient, order: BootOrder, signal: AbortSignal): Promise<void> {
    const plugged = await peripherals(qmp, signal);
    const devices = order.devices.filter(id => plugged.has(id));
    const skipped = order.skipped.filter(id => plugged.has(id));
    this.#free ??= await firstFree(qmp, [...devices, ...skipped], signal);
    // No two devices may have one index, and a boot in the middle of this must find all of them: so every device
    // goes behind the others in turn, and the last turn leaves them as wanted.
    for (const device of devices) {
      const value = this.#free++;
      await qmp.execute('qom-set', { ...bootIndexOf(device), value }, { signal });
    }
    for (const device of skipped) {
      await qmp.execute('qom-set', { ...bootIndexOf(device), value: -1 }, { signal });
    }
  }
}

async function firstFree(qmp: QmpClient, devices: readonly string[], signal: AbortSignal): Promise<number> {
  let largest = 0;
  for (const device of devices) {
    const index = await qmp.execute('qom-get', bootIndexOf(device), { signal });
    if (typeof index === 'number') largest = Math.max(largest, index);
  }
  return largest + 1;
}

function bootIndexOf(device: string): { path: string; property: string } {
  return { path: `/machine/peripheral/${device}`, property: 'bootindex' };
}
