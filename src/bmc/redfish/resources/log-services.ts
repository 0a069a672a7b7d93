import { z } from 'zod';
import { type EventEntry, eventLogCapacity } from '../../../node/event-log.ts';
import type { JsonObject } from '../json.ts';
import { typeOf } from '../messages/schemas.ts';
import type { RedfishBmc } from '../model.ts';
import { logMessage, severities } from '../nodes/log-message.ts';
import { obey } from '../nodes/obey.ts';
import { logId, managerPath, systemPath } from '../nodes/paths.ts';
import { selProperties } from '../nodes/sel-record.ts';
import { action, collectionBody, done, link, type NodeAt, nodeResource, type Route } from '../resource.ts';
import { bmcTime } from './managers.ts';
import { working } from './status.ts';

/**
 * The node's event log, which IPMI shows as the System Event Log: at the system and, where other clients look for it, at
 * the manager. @see schema LogService, LogEntry
 */

/** The event log's resources. */
export const logRoutes: readonly Route[] = [
  ...logOf('/redfish/v1/Systems/{system}', systemPath),
  ...logOf('/redfish/v1/Managers/{manager}', managerPath),
];

function logOf(template: string, pathOf: (bmc: RedfishBmc) => string): readonly Route[] {
  const servicePath = (bmc: RedfishBmc) => `${pathOf(bmc)}/LogServices/${logId}`;
  return [
    nodeResource({
      path: `${template}/LogServices`,
      schema: 'LogServiceCollection',
      read: ({ bmc }) => collectionBody('Log Services', [servicePath(bmc)]),
    }),
    nodeResource({
      path: `${template}/LogServices/${logId}`,
      schema: 'LogService',
      // The clock goes on.
      volatile: true,
      read: ({ bmc, service }) => ({
        Id: logId,
        Name: 'Event Log',
        Description: 'What happened to the node, as the System Event Log of IPMI tells it too',
        ServiceEnabled: true,
        LogEntryType: 'Multiple',
        MaxNumberOfRecords: eventLogCapacity,
        OverWritePolicy: 'WrapsWhenFull',
        Persistency: true,
        DateTime: bmcTime(bmc, service.clock.now()),
        DateTimeLocalOffset: '+00:00',
        Status: working,
        Entries: link(`${servicePath(bmc)}/Entries`),
      }),
      actions: {
        'LogService.ClearLog': action(z.strictObject({}), async ({ bmc, user }: NodeAt) => {
          await obey(bmc.node, { type: 'clear-log', by: user.name });
          return done;
        }),
      },
    }),
    nodeResource({
      path: `${template}/LogServices/${logId}/Entries`,
      schema: 'LogEntryCollection',
      // The standard wants these members shown in whole.
      read: ({ bmc }) => {
        const { entries } = bmc.node.state.log;
        return {
          ...collectionBody('Log Entries', []),
          'Members@odata.count': entries.length,
          Members: entries.map(entry => ({
            '@odata.id': `${servicePath(bmc)}/Entries/${entry.id}`,
            '@odata.type': typeOf('LogEntry'),
            ...entryBody(bmc, entry),
          })),
        };
      },
    }),
    nodeResource({
      path: `${template}/LogServices/${logId}/Entries/{entry}`,
      schema: 'LogEntry',
      read: at => {
        const entry = entryAt(at);
        return entry && entryBody(at.bmc, entry);
      },
      remove: async at => {
        const entry = entryAt(at);
        if (entry) await obey(at.bmc.node, { type: 'delete-event', id: entry.id });
        return done;
      },
    }),
  ];
}

function entryAt({ bmc, params }: NodeAt): EventEntry | undefined {
  return bmc.node.state.log.entries.find(({ id }) => String(id) === params.entry);
}

function entryBody(bmc: RedfishBmc, entry: EventEntry): JsonObject {
  const time = bmcTime(bmc, entry.at);
  return {
    Id: String(entry.id),
    Name: `Log Entry ${entry.id}`,
    Created: time,
    EventTimestamp: time,
    Severity: severities[entry.severity],
    ...contentOf(bmc, entry),
    Links: { OriginOfCondition: link(systemPath(bmc)) },
  };
}

function contentOf(bmc: RedfishBmc, entry: EventEntry): JsonObject {
  const told = logMessage(bmc.id, entry);
  if (!told) return selProperties(entry.record ?? []);
  const { MessageId, Message, MessageArgs, Resolution } = told;
  return { EntryType: 'Event', MessageId, Message, MessageArgs, Resolution };
}
