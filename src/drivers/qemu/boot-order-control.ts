import type { QmpClient } from './qmp.ts';

/** Changes the boot order of a running machine; its firmware reads it when it next starts. */
export class BootOrderControl {
  /** A boot index that is larger than all in use; `undefined` before the first look. */
  #free: number | undefined;

  /**
   * Sets the order.
   * @param devices - ids of all of the machine's bootable devices, the first one first
   */
  async set(qmp: QmpClient, devices: readonly string[], signal: AbortSignal): Promise<void> {
    this.#free ??= await firstFree(qmp, devices, signal);
    // No two devices may have one index, and a boot in the middle of this must find all of them: so every device
    // goes behind the others in turn, and the last turn leaves them as wanted.
    for (const device of devices) {
      const value = this.#free++;
      await qmp.execute('qom-set', { ...bootIndexOf(device), value }, { signal });
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
