import type { Observation } from '../../node/driver.ts';
import { unreachable } from '../../support/errors.ts';
import { type BootStage, bootStages } from '../api-watch.ts';

/** Something by which it can be seen how far a machine is. */
export type BootSign =
  | { readonly type: 'observed'; readonly observation: Observation }
  /** What a netbooted or deployed system of ours said of itself: `ramdisk`, `deployed`, `disk` … */
  | { readonly type: 'reported'; readonly stage: string }
  /** A stage that begins with what the machine has written to its console. */
  | { readonly type: 'console'; readonly stage: ConsoleStage };

/** Stages that can be told from a serial console. */
export type ConsoleStage = Exclude<BootStage, 'off' | 'on'>;

/** How far a machine is that was at a stage and gave this sign of itself. */
export function nextStage(stage: BootStage, sign: BootSign): BootStage {
  switch (sign.type) {
    case 'observed':
      return afterObservation(stage, sign.observation);
    case 'reported':
      return sign.stage === 'disk' ? 'os' : 'agent';
    case 'console':
      return afterConsole(stage, sign.stage);
    default:
      return unreachable(sign);
  }
}

function afterObservation(stage: BootStage, observation: Observation): BootStage {
  switch (observation.type) {
    case 'power':
      if (observation.power === 'off') return 'off';
      return observation.power === 'on' ? atLeast(stage, 'on') : stage;
    case 'booted':
      // Of a boot before we began to watch, the console may have told more already.
      return observation.earlier ? atLeast(stage, 'on') : 'firmware';
    case 'fetched':
      return afterFetch(stage, observation.what);
    case 'leased':
      return afterAddress(stage);
    case 'panicked':
      return 'panicked';
    case 'load':
    case 'sensor':
      return stage;
    default:
      return unreachable(observation);
  }
}

function afterFetch(stage: BootStage, what: string): BootStage {
  // Only firmware and boot loaders ask that, so a system that was up is no more.
  if (what.includes('asked what to boot')) return again(stage, 'loader');
  if (isBeyond(stage, 'kernel')) return stage;
  return /vmlinuz|linux|kernel|initr/.test(what) ? atLeast(stage, 'kernel') : atLeast(stage, 'loader');
}

/** Loaders and systems ask for an address once more. */
function afterAddress(stage: BootStage): BootStage {
  return atLeast(stage, 'dhcp');
}

function afterConsole(stage: BootStage, seen: ConsoleStage): BootStage {
  switch (seen) {
    case 'firmware':
    case 'loader':
      return again(stage, seen);
    case 'dhcp':
      return afterAddress(stage);
    case 'kernel':
      return isBeyond(stage, 'kernel') ? 'kernel' : atLeast(stage, 'kernel');
    case 'os':
      // An agent's ramdisk lets people log in too.
      return stage === 'agent' ? 'agent' : 'os';
    case 'agent':
    case 'panicked':
      return seen;
    default:
      return unreachable(seen);
  }
}

/** A stage before the kernel: the next of this boot, or the first that is seen of a new one. */
function again(stage: BootStage, seen: BootStage): BootStage {
  return stage === 'kernel' || isBeyond(stage, 'kernel') ? seen : atLeast(stage, seen);
}

function atLeast(stage: BootStage, other: BootStage): BootStage {
  return isBeyond(other, stage) ? other : stage;
}

function isBeyond(stage: BootStage, other: BootStage): boolean {
  return bootStages.indexOf(stage) > bootStages.indexOf(other);
}
