import type { EventEntry, EventLog } from '../../../node/event-log.ts';
import type { MediaState } from '../../../node/media.ts';
import { message } from '../messages/message.ts';
import type { Events, RedfishBmc } from '../model.ts';
import { logMessage } from '../nodes/log-message.ts';
import { logEntryPath, systemPath } from '../nodes/paths.ts';

/**
 * Tells subscribers what happens to a node: each entry of its event log as an event.
 * @returns stops it
 */
export function tellOfNode(bmc: RedfishBmc, events: Pick<Events, 'publish'>): () => void {
  return bmc.node.onChange((state, before) => {
    for (const entry of added(state.log, before.log)) {
      const logEntry = logEntryPath(bmc, entry);
      const told = logMessage(bmc.id, entry);
      events.publish({
        message: told ?? message('ResourceEvent.ResourceCreated'),
        // A record that a client has added is about nothing but itself.
        origin: told ? originOf(bmc, entry, state.durable.media, before.durable.media) : logEntry,
        logEntry,
        at: entry.at + bmc.clockOffset.value,
      });
    }
  });
}

/** The last ID that an entry can have before they begin again. */
const lastId = 0xfffe;

/** The entries that have come to a log. */
function added(log: EventLog, before: EventLog): readonly EventEntry[] {
  if (log === before) return [];
  const count = (log.nextId - before.nextId + lastId) % lastId;
  return count === 0 ? [] : log.entries.slice(-count);
}

function originOf(bmc: RedfishBmc, { kind }: EventEntry, media: MediaState, before: MediaState): string {
  if (!kind.startsWith('media-')) return systemPath(bmc);
  const path = `${systemPath(bmc)}/VirtualMedia`;
  if (media.cd !== before.cd) return `${path}/Cd`;
  return media.usb === before.usb ? systemPath(bmc) : `${path}/Usb`;
}
