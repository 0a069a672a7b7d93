import { addedEvents, type EventEntry } from '../../../node/event-log.ts';
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
    for (const entry of addedEvents(state.log, before.log)) {
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

function originOf(bmc: RedfishBmc, { kind }: EventEntry, media: MediaState, before: MediaState): string {
  if (!kind.startsWith('media-')) return systemPath(bmc);
  const path = `${systemPath(bmc)}/VirtualMedia`;
  if (media.cd !== before.cd) return `${path}/Cd`;
  return media.usb === before.usb ? systemPath(bmc) : `${path}/Usb`;
}
