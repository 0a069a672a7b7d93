import { nextBoot } from './boot.ts';
import type { MachineAct } from './driver.ts';
import { record, set, type Turn } from './turn.ts';

/** Acts that tell a machine what will be, rather than do something to its power. */
type Telling = MachineAct & { action: 'set-next-boot' | 'set-media' };

/** How long to wait before the machine is told again, when it could not be told. Milliseconds. */
const tellAgainAfter = 5_000;

/** Whether an act only tells the machine something. */
export function isTelling(act: MachineAct): act is Telling {
  return act.action === 'set-next-boot' || act.action === 'set-media';
}

/** What the machine has to be told now, if anything: media first, since the boot may be from them. */
export function toTell(turn: Turn): Telling | undefined {
  return mediaToTell(turn) ?? bootToTell(turn);
}

/** The media that the machine has not been given yet: to be given before a boot that may want them. */
export function mediaToTell({ state, capabilities }: Turn): Telling | undefined {
  const { media } = state.durable;
  if (capabilities.mediaSlots.length === 0 || state.tellAt !== undefined) return undefined;
  if (state.told.media === media.revision) return undefined;
  // Machines that never had any need not be told so.
  if (media.revision === 0) return undefined;
  return { action: 'set-media', media };
}

/** What a running machine is to boot when it next boots by itself; one that is off is told as it is powered on. */
function bootToTell({ state, capabilities }: Turn): Telling | undefined {
  const { boot, firmware } = state.durable;
  if (state.power !== 'on' || !capabilities.actions.includes('set-next-boot')) return undefined;
  if (state.tellAt !== undefined) return undefined;
  const knows =
    state.told.boot === boot.revision &&
    (capabilities.firmwareSettings.length === 0 || (state.told.settings ?? 0) === firmware.revision);
  return knows ? undefined : { action: 'set-next-boot', boot: nextBoot(boot, firmware) };
}

/** The machine has been told. */
export function noteTold(turn: Turn, act: MachineAct): void {
  const { told } = turn.state;
  if (act.action === 'set-media') {
    const { revision } = act.media;
    set(turn, { told: { ...told, media: revision }, mediaProblem: undefined, tellAt: undefined });
  } else if ('boot' in act) {
    const { revision, settings } = act.boot;
    set(turn, { told: { ...told, boot: revision, settings: settings.revision }, tellAt: undefined });
  }
}

/** The machine could not be told; it will be told again. */
export function tellLater(turn: Turn, act: Telling, message: string): void {
  if (act.action === 'set-media') {
    if (turn.state.mediaProblem !== message) record(turn, 'media-failed', message, 'warning');
    set(turn, { mediaProblem: message });
  }
  set(turn, { tellAt: turn.now + tellAgainAfter });
}

/** The machine has gone off: whoever powers it on tells it its boot anew. What is in its drives stays there. */
export function forgetTold(turn: Turn): void {
  const { told } = turn.state;
  set(turn, { told: { ...told, boot: undefined, settings: undefined }, tellAt: undefined });
}
