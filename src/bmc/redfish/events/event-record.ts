import { z } from 'zod';
import type { JsonObject } from '../json.ts';
import { type Message, message } from '../messages/message.ts';
import { typeOf } from '../messages/schemas.ts';
import type { RedfishEvent } from '../model.ts';
import { asJson } from '../protocol/answers.ts';

/** What older clients ask for in place of messages. @see schema Event, EventType */
export const eventTypes = [
  'StatusChange',
  'ResourceUpdated',
  'ResourceAdded',
  'ResourceRemoved',
  'Alert',
  'Other',
] as const;

export const severities = ['OK', 'Warning', 'Critical'] as const;

export type EventType = (typeof eventTypes)[number];

/** Something that happened, ready to be sent. @see schema Event, EventRecord */
export interface EventRecord {
  /** Unlike that of any other event, also of other runs of the service. */
  readonly id: string;
  /** Milliseconds since the epoch at which the service took it up. */
  readonly at: number;
  readonly type: EventType;
  /** As it is sent: `Base.1.22.Success`. */
  readonly messageId: string;
  readonly severity: Message['MessageSeverity'] | undefined;
  /** URI of what it is about. */
  readonly origin: string | undefined;
  /** The rest of what subscribers are told. */
  readonly rest: JsonObject;
}

/** What a client makes up to see whether events arrive. @see EventService.SubmitTestEvent */
export const testEvent = z.strictObject({
  MessageId: z.string().regex(/^\w+\.\d+\.\d+\.[\w.]+$/),
  EventGroupId: z.int().optional(),
  EventId: z.string().max(256).optional(),
  EventTimestamp: z.iso.datetime({ offset: true }).optional(),
  EventType: z.enum(eventTypes).optional(),
  Message: z.string().max(4096).optional(),
  MessageArgs: z.array(z.string().max(1024)).max(64).optional(),
  MessageSeverity: z.enum(severities).optional(),
  OriginOfCondition: z.string().max(1024).optional(),
  Severity: z.string().max(64).optional(),
});

export type TestEvent = Readonly<z.infer<typeof testEvent>>;

/** An event of this service. */
export function recordOf(event: RedfishEvent, id: string, at: number): EventRecord {
  const { MessageId, MessageSeverity, Message, MessageArgs, Resolution } = asJson(event.message);
  return {
    id,
    at,
    type: typeOfMessage(event.message),
    messageId: event.message.MessageId,
    severity: event.message.MessageSeverity,
    origin: event.origin,
    rest: {
      EventId: id,
      EventTimestamp: new Date(event.at).toISOString(),
      Message,
      MessageId,
      MessageArgs,
      MessageSeverity,
      Severity: MessageSeverity,
      Resolution,
      LogEntry: event.logEntry === undefined ? undefined : { '@odata.id': event.logEntry },
    },
  };
}

/** An event of a client: with what it said, and nothing that it did not say. */
export function testRecord(event: TestEvent, id: string, at: number): EventRecord {
  const { EventType, OriginOfCondition, EventId, MessageId, MessageSeverity, ...rest } = event;
  return {
    id,
    at,
    type: EventType ?? 'Alert',
    messageId: MessageId,
    severity: MessageSeverity,
    origin: OriginOfCondition,
    rest: { EventId: EventId ?? id, MessageId, MessageSeverity, ...rest },
  };
}

/** Says that events have been lost because a subscriber was too slow. */
export function lossRecord(id: string, at: number): EventRecord {
  return recordOf({ message: message('Base.EventBufferExceeded'), origin: '', at }, id, at);
}

/** What a subscriber is sent. @see schema Event */
export function eventBody(records: readonly EventRecord[], context: string | undefined): JsonObject {
  return {
    '@odata.type': typeOf('Event'),
    Id: records.at(-1)?.id ?? '',
    Name: 'Events',
    Context: context,
    'Events@odata.count': records.length,
    Events: records.map(({ type, origin, rest }, index) => ({
      MemberId: String(index),
      EventType: type,
      ...rest,
      OriginOfCondition: origin ? { '@odata.id': origin } : undefined,
    })),
  };
}

function typeOfMessage({ MessageId, MessageSeverity }: Message): EventType {
  const name = MessageId.split('.').at(-1) ?? '';
  if (name === 'ResourceCreated') return 'ResourceAdded';
  if (name === 'ResourceRemoved') return 'ResourceRemoved';
  if (MessageSeverity !== 'OK') return 'Alert';
  if (/^Resource(Status|State)Changed|^ResourcePower/.test(name)) return 'StatusChange';
  if (name === 'ResourceChanged' || name === 'PropertyValueModifiedByClient') return 'ResourceUpdated';
  return 'Other';
}

/** The kinds of members that collections have, by the collection's last segment. */
const typesOfMembers: Readonly<Record<string, string>> = {
  Accounts: 'ManagerAccount',
  Certificates: 'Certificate',
  Chassis: 'Chassis',
  Entries: 'LogEntry',
  FirmwareInventory: 'SoftwareInventory',
  LogServices: 'LogService',
  Managers: 'Manager',
  Sessions: 'Session',
  Subscriptions: 'EventDestination',
  Systems: 'ComputerSystem',
  Tasks: 'Task',
  VirtualMedia: 'VirtualMedia',
};

/** Which kinds of resources events of this service are about. */
export const originTypes: readonly string[] = Object.values(typesOfMembers);

/** What kind of resource a URI names; `undefined` when events are never about it. */
export function originTypeOf(uri: string): string | undefined {
  const [collection = ''] = uri.replace(/\/$/, '').split('/').slice(-2);
  return typesOfMembers[collection];
}
