import { DriverError } from '../../node/driver.ts';
import type { MediaImage, MediaSlot, MediaState } from '../../node/media.ts';
import type { Clock } from '../../support/clock.ts';
import { poll } from '../../support/wait.ts';
import { deviceId } from './boot-order.ts';
import { mediumBlock, mediumNode, slotOf, stickDevice } from './media.ts';
import { peripherals } from './peripherals.ts';
import { asRecord, type QmpClient, QmpError } from './qmp.ts';

/** How long an image may stay in use that is in no drive any more, and how often to try. Milliseconds. */
const closeTime = 5_000;
const closeInterval = 20;

/** How long a tray may be closed again and again while a disc is changed, and how often to try. Milliseconds. */
const trayTime = 5_000;
const trayInterval = 100;

/** What a running machine's drives are changed through. */
interface Drives {
  readonly qmp: QmpClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Puts media into a running machine's drives and takes out what is there instead. What is in its slot already stays
 * as it is, so that this may be asked again after it was interrupted.
 * @returns whether a stick was plugged in, whose place in the boot order is to be set
 */
export async function changeMedia(drives: Drives, media: MediaState): Promise<boolean> {
  await changeDisc(drives, media.cd);
  return changeStick(drives, media.usb);
}

async function changeDisc(drives: Drives, image: MediaImage | undefined): Promise<void> {
  const wanted = image && mediumNode('cd', image);
  if ((await look(drives)).inDrive !== wanted) {
    // Before the disc that is there is taken out: an image that cannot be opened leaves it.
    if (image) await addNode(drives, 'cd', image);
    await exchangeDisc(drives, wanted);
  }
  await removeNodes(drives, 'cd', wanted);
}

/** A drive that is reset closes its tray, and firmware that starts resets it: then it is opened once more. */
async function exchangeDisc(drives: Drives, wanted: string | undefined): Promise<void> {
  const { clock, signal } = drives;
  let refusal: unknown;
  const exchange = async (): Promise<true | undefined> => {
    try {
      await exchangeOnce(drives, wanted);
      return true;
    } catch (error) {
      if (!isRefused(error)) throw error;
      refusal = error;
      return undefined;
    }
  };
  if (!(await poll(clock, { every: trayInterval, within: trayTime, signal }, exchange))) throw refusal;
}

async function exchangeOnce(drives: Drives, wanted: string | undefined): Promise<void> {
  const id = deviceId.cdrom;
  // By force: the guest may have locked the tray.
  await execute(drives, 'blockdev-open-tray', { id, force: true });
  await execute(drives, 'blockdev-remove-medium', { id });
  if (wanted !== undefined) await execute(drives, 'blockdev-insert-medium', { id, 'node-name': wanted });
  await execute(drives, 'blockdev-close-tray', { id });
}

async function changeStick(drives: Drives, image: MediaImage | undefined): Promise<boolean> {
  const wanted = image && mediumNode('usb', image);
  const { inStick } = await look(drives);
  const change = inStick !== wanted;
  if (change) {
    if (image) await addNode(drives, 'usb', image);
    await unplugStick(drives);
    if (image) await execute(drives, 'device_add', stickDevice(image));
  }
  await removeNodes(drives, 'usb', wanted);
  return change && image !== undefined;
}

async function unplugStick(drives: Drives): Promise<void> {
  if (!(await peripherals(drives.qmp, drives.signal)).has(deviceId.stick)) return;
  await execute(drives, 'device_del', { id: deviceId.stick });
}

async function addNode(drives: Drives, slot: MediaSlot, image: MediaImage): Promise<void> {
  const { nodes } = await look(drives);
  if (!nodes.includes(mediumNode(slot, image)))
    await execute(drives, 'blockdev-add', mediumBlock(slot, image));
}

/** Closes the images that are in no drive any more: a stick that was pulled lets go of its own a moment later. */
async function removeNodes(drives: Drives, slot: MediaSlot, kept: string | undefined): Promise<void> {
  const { clock, signal } = drives;
  const { nodes } = await look(drives);
  for (const node of nodes) {
    if (slotOf(node) !== slot || node === kept) continue;
    const close = () => closeNode(drives, node);
    if (await poll(clock, { every: closeInterval, within: closeTime, signal }, close)) continue;
    throw new DriverError('transient', `QEMU does not close the image ${node}`);
  }
}

/** @returns `undefined` when the image is still in use */
async function closeNode(drives: Drives, node: string): Promise<true | undefined> {
  try {
    await execute(drives, 'blockdev-del', { 'node-name': node });
    return true;
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/** What QEMU has: block nodes by name, and which of them are in the CD-ROM drive and the stick. */
async function look(
  drives: Drives,
): Promise<{ nodes: readonly string[]; inDrive: string | undefined; inStick: string | undefined }> {
  const named = await list(drives, 'query-named-block-nodes', { flat: true });
  const devices = await list(drives, 'query-block', {});
  const nodeIn = (isDevice: (qdev: string) => boolean) => {
    const device = devices.find(({ qdev }) => typeof qdev === 'string' && isDevice(qdev));
    return asString(asRecord(device?.inserted)?.['node-name']);
  };
  return {
    nodes: named.map(node => asString(node['node-name'])).filter(name => name !== undefined),
    inDrive: nodeIn(qdev => qdev === deviceId.cdrom),
    // The stick's medium is in a disk that QEMU puts into it.
    inStick: nodeIn(qdev => qdev.startsWith(`/machine/peripheral/${deviceId.stick}/`)),
  };
}

async function list(
  drives: Drives,
  command: string,
  args: Readonly<Record<string, unknown>>,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const answer = await execute(drives, command, args);
  return Array.isArray(answer) ? answer.map(asRecord).filter(entry => entry !== undefined) : [];
}

function execute(
  { qmp, signal }: Drives,
  command: string,
  args: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  return qmp.execute(command, args, { signal });
}

function isRefused(error: unknown): boolean {
  return error instanceof QmpError && error.kind === 'refused';
}

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
