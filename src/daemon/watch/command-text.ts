import type { Command } from '../../node/command.ts';
import { unreachable } from '../../support/errors.ts';

/** What a client asked of a node, for people. */
export function commandText(command: Command): string {
  switch (command.type) {
    case 'power':
      return `power ${command.action}`;
    case 'set-boot-override': {
      const { enabled, target } = command.override;
      return enabled === 'disabled' ? 'boot override taken back' : `boot from ${target}, ${enabled}`;
    }
    case 'set-firmware':
      return `firmware settings: ${Object.keys(command.settings).join(', ')}`;
    case 'reset-firmware':
      return 'firmware settings as they began';
    case 'set-media':
      return command.image ? `media into ${command.slot}` : `media out of ${command.slot}`;
    case 'set-restore-policy':
      return `restore policy ${command.policy}`;
    case 'identify':
      return command.duration > 0 ? 'identify light on' : 'identify light off';
    case 'set-asset-tag':
      return 'asset tag';
    case 'clear-log':
      return 'clear the event log';
    case 'delete-event':
      return `delete event ${command.id}`;
    case 'add-record':
      return 'add a record to the event log';
    case 'set-watchdog':
      return 'set the watchdog';
    case 'kick-watchdog':
      return 'kick the watchdog';
    default:
      return unreachable(command);
  }
}
