import type { BootOverride } from './boot.ts';
import type { ChangedSettings } from './firmware-settings.ts';
import type { MediaImage, MediaSlot } from './media.ts';
import type { PowerAction, RestorePolicy } from './power.ts';
import type { WatchdogSettings } from './watchdog.ts';

/** What a face asks of a node. */
export type Command =
  | { readonly type: 'power'; readonly action: PowerAction; readonly by: string }
  | {
      readonly type: 'set-boot-override';
      readonly override: Pick<BootOverride, 'enabled' | 'target' | 'detail'>;
      /** Milliseconds after which a *once* override that no boot has used lapses; each power command starts it anew. */
      readonly expiresAfter: number | undefined;
      readonly by: string;
    }
  /** Sets the firmware; the next boot takes it up. What was set before and is not named stays. */
  | { readonly type: 'set-firmware'; readonly settings: ChangedSettings; readonly by: string }
  /** Sets the firmware back to what the node began with. */
  | { readonly type: 'reset-firmware'; readonly by: string }
  /** Puts an image into a slot, in place of what was there; without one, ejects. */
  | {
      readonly type: 'set-media';
      readonly slot: MediaSlot;
      readonly image: MediaImage | undefined;
      readonly by: string;
    }
  | { readonly type: 'set-restore-policy'; readonly policy: RestorePolicy }
  /** Lights the identify light for so many milliseconds; `Infinity` for good, 0 dark. */
  | { readonly type: 'identify'; readonly duration: number }
  | { readonly type: 'set-asset-tag'; readonly tag: string }
  | { readonly type: 'clear-log'; readonly by: string }
  | { readonly type: 'delete-event'; readonly id: number }
  /** A client's own System Event Log record, 16 bytes. */
  | { readonly type: 'add-record'; readonly record: readonly number[] }
  | {
      readonly type: 'set-watchdog';
      readonly settings: WatchdogSettings;
      /** Leaves a running timer running, with the new interval; otherwise it stops until kicked. */
      readonly keepRunning: boolean;
      readonly clearExpiredUses: number;
    }
  /** Starts the watchdog, or starts it anew. */
  | { readonly type: 'kick-watchdog' };

/** Why a node did not take a command. */
export type Refusal =
  /** Not with this driver, or never. */
  | 'unsupported'
  /** Not while the machine is as it is: a reset of a machine that is off. */
  | 'wrong-state'
  /** Not now: try again soon. */
  | 'busy'
  /** No such thing: an event that is not in the log, a watchdog that was never set. */
  | 'not-found';

/** A node's answer. `accepted` means that it will be done even if the daemon is killed the next instant. */
export type Reply =
  | {
      readonly accepted: true;
      /** The operation that carries the command out; `undefined` when nothing was left to do. */
      readonly operation?: number | undefined;
      /** Record added by `add-record`. */
      readonly eventId?: number | undefined;
    }
  | { readonly accepted: false; readonly refusal: Refusal; readonly message: string };
