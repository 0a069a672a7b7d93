import type { Disturbance } from '../../node/disturbance.ts';
import { DriverError } from '../../node/driver.ts';
import type { NodeSpec } from '../../node/spec.ts';
import { deviceId } from './boot-order.ts';
import { blockNode } from './command-line.ts';
import { asRecord, type QmpClient } from './qmp.ts';

type DiskDisturbance = Extract<Disturbance, { disk: number }>;
type DiskFault = DiskDisturbance['kind'];

/**
 * The accesses that fail, by QEMU's names for them; the worst fault first. A full disk still gives room back, which one
 * that is write-protected does not.
 */
const failing: Readonly<Record<DiskFault, readonly string[]>> = {
  'disk-fails': ['read', 'write', 'write-zeroes', 'discard', 'flush'],
  'disk-read-only': ['write', 'write-zeroes', 'discard'],
  'disk-full': ['write', 'write-zeroes'],
};
const faults = Object.keys(failing) as readonly DiskFault[];

/** EIO, which is all that a virtio disk can say to its guest. ENOSPC would have QEMU stop the machine instead. */
const inputOutputError = 5;

/**
 * What is wrong on purpose with one machine, and what makes its QEMU feel that. Kept by nobody: the machine that the
 * next driver takes over has nothing wrong.
 */
export class Disturbances {
  #wrong: readonly Disturbance[] = [];

  /** What is wrong from now on, with every QEMU of the machine that {@link impose} is told of. */
  set(wrong: readonly Disturbance[]): void {
    this.#wrong = wrong;
  }

  get any(): boolean {
    return this.#wrong.length > 0;
  }

  /** Whether firmware that starts does not get on. */
  get hangs(): boolean {
    return this.#wrong.some(({ kind }) => kind === 'firmware-hangs');
  }

  /** Makes a QEMU's disks and network cards as wrong as they shall be, and no more. */
  async impose(qmp: QmpClient, spec: NodeSpec, signal: AbortSignal): Promise<void> {
    for (const index of spec.nics.keys()) {
      const up = !this.#wrong.some(wrong => wrong.kind === 'nic-unplugged' && wrong.nic === index);
      await qmp.execute('set_link', { name: deviceId.nic(index), up }, { signal });
    }
    for (const index of spec.disks.keys()) await this.#imposeOnDisk(qmp, index, signal);
  }

  /** A filter comes between a disk and its image: the guest sees no other disk, and it can go at any time. */
  async #imposeOnDisk(qmp: QmpClient, index: number, signal: AbortSignal): Promise<void> {
    const image = blockNode(index);
    const disk = { path: `/machine/peripheral/${deviceId.disk(index)}`, property: 'drive' };
    const fault = faults.find(kind => this.#wrong.some(wrong => wrong.kind === kind && wrong.disk === index));
    const wanted = fault === undefined ? image : filterName(index, fault);
    const nodes = await nodeNames(qmp, signal);
    if (fault !== undefined && !nodes.has(wanted)) {
      await qmp.execute('blockdev-add', filter(wanted, image, fault), { signal });
    }
    // QEMU dies of being told what is so already.
    if ((await qmp.execute('qom-get', disk, { signal })) !== wanted) {
      await qmp.execute('qom-set', { ...disk, value: wanted }, { signal });
    }
    for (const kind of faults) {
      const old = filterName(index, kind);
      if (old !== wanted && nodes.has(old)) {
        await qmp.execute('blockdev-del', { 'node-name': old }, { signal });
      }
    }
  }
}

/**
 * Checks that a machine has what shall be wrong.
 * @throws DriverError `refused`
 */
export function checkParts(id: string, spec: NodeSpec, wrong: readonly Disturbance[]): void {
  for (const one of wrong) {
    if ('nic' in one && !spec.nics[one.nic]) throw missing(id, 'network card', one.nic);
    if ('disk' in one && !spec.disks[one.disk]) throw missing(id, 'disk', one.disk);
  }
}

function missing(id: string, what: string, index: number): DriverError {
  return new DriverError('refused', `${id} has no ${what} ${index}; the first one is 0`);
}

function filterName(index: number, fault: DiskFault): string {
  return `fault${index}-${fault}`;
}

/** @see https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html (BlockdevOptionsBlkdebug) */
function filter(name: string, image: string, fault: DiskFault): Readonly<Record<string, unknown>> {
  const errors = failing[fault].map(iotype => ({ event: 'none', iotype, errno: inputOutputError }));
  return { driver: 'blkdebug', 'node-name': name, image, discard: 'unmap', 'inject-error': errors };
}

async function nodeNames(qmp: QmpClient, signal: AbortSignal): Promise<ReadonlySet<unknown>> {
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true }, { signal });
  return new Set(Array.isArray(nodes) ? nodes.map(node => asRecord(node)?.['node-name']) : []);
}
