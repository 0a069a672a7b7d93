import { isDeepStrictEqual } from 'node:util';
import type { Reply } from './command.ts';
import type { ChangedSettings, FirmwareSettings } from './firmware-settings.ts';
import { accepted, keep, record, set, type Turn } from './turn.ts';

/** Takes what a client sets the firmware to. Whether the values fit the node is the caller's to check. */
export function setFirmware(turn: Turn, settings: ChangedSettings, by: string): Reply {
  const { firmwareSettings, firmwareModes } = turn.capabilities;
  const names = Object.keys(settings) as (keyof FirmwareSettings)[];
  const foreign = names.find(name => !firmwareSettings.includes(name));
  if (foreign) return unsupported(`this node's ${foreign} cannot be set`);
  if (settings.mode && !firmwareModes.includes(settings.mode)) {
    return unsupported(`this node has no ${settings.mode} firmware`);
  }
  const { current, next } = turn.state.durable.firmware;
  change(turn, { ...(next ?? current), ...settings }, by);
  return accepted;
}

/** Sets the firmware back to what the node began with. */
export function resetFirmware(turn: Turn, by: string): Reply {
  change(turn, {}, by);
  return accepted;
}

function change(turn: Turn, wanted: ChangedSettings, by: string): void {
  const { firmware } = turn.state.durable;
  if (isDeepStrictEqual(wanted, firmware.next ?? firmware.current)) return;
  const next = isDeepStrictEqual(wanted, firmware.current) ? undefined : wanted;
  keep(turn, { firmware: { ...firmware, next, revision: firmware.revision + 1 } });
  record(turn, 'firmware-set', `firmware settings for the next boot: ${describe(wanted)} (${by})`);
}

/** A boot has taken up the settings of that revision. */
export function useSettings(turn: Turn, revision: number | undefined): void {
  const { firmware } = turn.state.durable;
  const { next } = firmware;
  if (revision === undefined) return;
  set(turn, { told: { ...turn.state.told, settings: revision } });
  if (revision !== firmware.revision || !next) return;
  keep(turn, { firmware: { ...firmware, current: next, next: undefined } });
  record(turn, 'firmware-taken-up', `firmware settings taken up: ${describe(next)}`);
}

function describe(settings: ChangedSettings): string {
  return (
    Object.entries(settings)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', ') || 'as delivered'
  );
}

function unsupported(message: string): Reply {
  return { accepted: false, refusal: 'unsupported', message };
}
