import { plainFirmware } from '../../../../node/driver.ts';
import { graceful, type Strategy, toOff, toOn, toReset } from './strategy.ts';

/** The machine boots as the cloud lets it: its first disk. */
export const noStrategy: Strategy = {
  name: 'none',
  asksDirector: false,
  capabilities: {
    actions: ['on', 'off', 'soft-off', 'reset', 'nmi'],
    bootTargets: ['default', 'disk'],
    ...plainFirmware,
    timeouts: graceful,
  },
  limits: [
    'It cannot be told what to boot.',
    'Off asks the guest first: one that ignores ACPI is powered off after the time that its image or the cloud sets, 60 s by default. A soft off does the same.',
  ],
  async powerOn(control, _boot, signal) {
    return control.bring(toOn, signal);
  },
  async powerOff(control, signal) {
    await control.bring(toOff, signal);
  },
  async softOff(control, signal) {
    await control.bring(toOff, signal);
    return 'nothing';
  },
  async reset(control, _boot, signal) {
    await control.bring(toReset, signal);
  },
};
