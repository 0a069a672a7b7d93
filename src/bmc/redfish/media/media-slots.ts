import type { MediaImage, MediaSlot } from '../../../node/media.ts';
import type { Node } from '../../../node/node.ts';
import type { NodeState } from '../../../node/state.ts';
import type { Clock } from '../../../support/clock.ts';
import { withoutCredentials } from '../../../support/credentials.ts';
import { messageOf } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import { Turnstile } from '../../../support/wait.ts';
import type { RedfishBmc } from '../model.ts';
import { gone } from '../nodes/gone.ts';
import { obey } from '../nodes/obey.ts';
import { deviceProblem, imageProblem, slotProblem } from './media-problem.ts';
import { MediaError, type MediaRequest } from './media-source.ts';

/** What is done to the slots of a node: an image is fetched first and put in then, so that one that fails changes nothing. */

/** How long a machine may take until it has what was put into a slot. Milliseconds. */
const machineTimeout = 300_000;

/** Share of an insertion that is fetching. */
const fetchingShare = 0.95;

/** What changing a slot needs. */
export interface SlotWork {
  readonly bmc: RedfishBmc;
  readonly clock: Clock;
  readonly log: Logger;
  /** Who does it, for the event log. */
  readonly by: string;
}

/** What goes on at a slot. */
interface Lane {
  /** What changes the slot, one after the other. */
  readonly turns: Turnstile;
  /** Gives up the insertion that is under way. */
  insertion: AbortController | undefined;
}

const lanes = new WeakMap<RedfishBmc, Map<MediaSlot, Lane>>();

function laneOf(bmc: RedfishBmc, slot: MediaSlot): Lane {
  const ofBmc = lanes.get(bmc) ?? new Map<MediaSlot, Lane>();
  lanes.set(bmc, ofBmc);
  const lane = ofBmc.get(slot) ?? { turns: new Turnstile(), insertion: undefined };
  ofBmc.set(slot, lane);
  return lane;
}

/** Whether an image is on its way to a slot. */
export function isInserting(bmc: RedfishBmc, slot: MediaSlot): boolean {
  return laneOf(bmc, slot).insertion !== undefined;
}

/** Refuses a second image while one is on its way. @throws RedfishProblem 409 */
export function checkIdle(bmc: RedfishBmc, slot: MediaSlot): void {
  if (isInserting(bmc, slot)) {
    throw slotProblem('Another image is being inserted; eject the medium to give it up.');
  }
}

/**
 * Fetches an image and puts it into a slot, in place of what was there.
 * @throws RedfishProblem
 */
export async function insert(
  work: SlotWork,
  request: MediaRequest,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<void> {
  const { bmc } = work;
  const { slot } = request;
  checkIdle(bmc, slot);
  const lane = laneOf(bmc, slot);
  const ejected = new AbortController();
  lane.insertion = ejected;
  const { closed } = bmc.node;
  const ended = AbortSignal.any([signal, ejected.signal, closed]);
  try {
    const image = await fetchImage(bmc, request, ended, progress);
    await putIn(work, slot, image, ended);
  } catch (error) {
    throw closed.aborted ? gone(bmc.node) : error;
  } finally {
    lane.insertion = undefined;
  }
}

/**
 * Takes out what is in a slot, and gives up what is on its way there.
 * @throws RedfishProblem
 */
export async function eject(work: SlotWork, slot: MediaSlot): Promise<void> {
  const { bmc, clock } = work;
  const { node } = bmc;
  const lane = laneOf(bmc, slot);
  lane.insertion?.abort(slotProblem('The medium was ejected.'));
  const revision = await lane.turns.run(async () =>
    node.state.durable.media[slot] ? exchange(work, slot, undefined) : undefined,
  );
  if (revision === undefined) return;
  const problem = await taken(node, revision, clock);
  if (problem !== undefined) throw deviceProblem(problem);
}

/** Whether the machine has what is in its slots. */
export function hasMedia({ told, durable, mediaProblem }: NodeState): boolean {
  return mediaProblem === undefined && told.media !== undefined && told.media >= durable.media.revision;
}

async function fetchImage(
  bmc: RedfishBmc,
  request: MediaRequest,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<MediaImage> {
  try {
    const image = await bmc.media.fetch(request, signal, share => progress(share * fetchingShare));
    if (!signal.aborted) return image;
    await bmc.media.discard(image);
    throw signal.reason;
  } catch (error) {
    if (error instanceof MediaError) throw imageProblem(error, withoutCredentials(request.url), ['/Image']);
    throw error;
  }
}

/**
 * Puts an image in; what the machine does not take is taken out again, and what was there before comes back.
 * @param ended - aborts when it is not to be put in any more
 */
async function putIn(work: SlotWork, slot: MediaSlot, image: MediaImage, ended: AbortSignal): Promise<void> {
  const { bmc, clock } = work;
  const { turns } = laneOf(bmc, slot);
  const present = () => bmc.node.state.durable.media[slot];
  let before: MediaImage | undefined;
  let revision: number;
  try {
    revision = await turns.run(async () => {
      ended.throwIfAborted();
      before = present();
      return exchange(work, slot, image);
    });
  } catch (error) {
    await bmc.media.discard(image);
    throw error;
  }
  const problem = await taken(bmc.node, revision, clock);
  if (problem === undefined) return;
  await turns.run(async () => {
    if (present()?.file === image.file) await exchange(work, slot, before);
  });
  throw deviceProblem(problem);
}

/**
 * Changes what is in a slot; what was there is thrown away once the machine has let go of it.
 * @returns the revision at which the machine has what is in its slots now
 */
async function exchange(work: SlotWork, slot: MediaSlot, image: MediaImage | undefined): Promise<number> {
  const { bmc, by } = work;
  const { node } = bmc;
  const before = node.state.durable.media[slot];
  await obey(node, { type: 'set-media', slot, image, by });
  const { revision } = node.state.durable.media;
  if (before) discardInTime(work, before, revision);
  return revision;
}

function discardInTime({ bmc, log }: SlotWork, image: MediaImage, revision: number): void {
  const { node } = bmc;
  const look = ({ told, durable }: NodeState): boolean => {
    if (told.media === undefined || told.media < revision) return false;
    const { cd, usb } = durable.media;
    if (cd?.file === image.file || usb?.file === image.file) return true;
    bmc.media.discard(image).catch((error: unknown) => {
      log.warn({ node: bmc.id, error: messageOf(error) }, 'an image could not be deleted');
    });
    return true;
  };
  if (look(node.state)) return;
  const stop = node.onChange(state => {
    if (look(state)) stop();
  });
}

/**
 * Waits until the machine has what was put into its slots at a revision.
 * @returns why it has not; `undefined` when it has
 */
function taken(node: Node, revision: number, clock: Clock): Promise<string | undefined> {
  return new Promise(resolve => {
    const end = (problem: string | undefined) => {
      stop();
      timer.cancel();
      node.closed.removeEventListener('abort', onClose);
      resolve(problem);
    };
    const look = ({ told, mediaProblem }: NodeState) => {
      if (told.media !== undefined && told.media >= revision) end(undefined);
      else if (mediaProblem !== undefined) end(mediaProblem);
    };
    const onClose = () => end('The node is served no more.');
    const timer = clock.after(machineTimeout, () => end('The machine has not taken it in time.'));
    const stop = node.onChange(look);
    node.closed.addEventListener('abort', onClose);
    look(node.state);
    if (node.closed.aborted) onClose();
  });
}
