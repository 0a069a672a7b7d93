import { type EventRecord, type EventType, originTypeOf } from './event-record.ts';

/** Which events a subscriber wants; an empty list asks for nothing in particular. @see schema EventDestination */
export interface EventFilter {
  readonly registryPrefixes: readonly string[];
  readonly excludeRegistryPrefixes: readonly string[];
  /** `Base.Success`, whose version may be in it. */
  readonly messageIds: readonly string[];
  readonly excludeMessageIds: readonly string[];
  /** `ComputerSystem`. */
  readonly resourceTypes: readonly string[];
  readonly severities: readonly string[];
  readonly originResources: readonly string[];
  /** Whether what lies below those counts as them. */
  readonly subordinateResources: boolean;
  readonly eventTypes: readonly EventType[];
}

/** Everything. */
export const allEvents: EventFilter = {
  registryPrefixes: [],
  excludeRegistryPrefixes: [],
  messageIds: [],
  excludeMessageIds: [],
  resourceTypes: [],
  severities: [],
  originResources: [],
  subordinateResources: false,
  eventTypes: [],
};

/** Whether an event is among those wanted. */
export function wants(filter: EventFilter, record: EventRecord): boolean {
  const prefix = prefixOf(record.messageId);
  const key = keyOf(record.messageId);
  const named = [...filter.messageIds, ...filter.registryPrefixes].length > 0;
  if (named && !filter.registryPrefixes.includes(prefix) && !hasKey(filter.messageIds, key)) return false;
  if (filter.excludeRegistryPrefixes.includes(prefix) || hasKey(filter.excludeMessageIds, key)) return false;
  return (
    among(filter.severities, record.severity) &&
    among(filter.resourceTypes, originTypeOf(record.origin ?? '')) &&
    // `Other` is what a subscription has whose client asked for no types: it tells nothing apart.
    (filter.eventTypes.includes('Other') || among(filter.eventTypes, record.type)) &&
    (filter.originResources.length === 0 ||
      filter.originResources.some(uri => isOrigin(record, uri, filter.subordinateResources)))
  );
}

/** Whether an event is about a resource or, if those count too, about one that lies below it. */
function isOrigin({ origin }: EventRecord, uri: string, subordinate: boolean): boolean {
  const wanted = uri.replace(/\/$/, '');
  return origin === wanted || (subordinate && (origin ?? '').startsWith(`${wanted}/`));
}

/** A message's registry: `Base` of `Base.1.22.Success`. */
export function prefixOf(messageId: string): string {
  return messageId.split('.')[0] ?? '';
}

/** A message without the version of its registry: `Base.Success`. */
export function keyOf(messageId: string): string {
  return `${prefixOf(messageId)}.${messageId.split('.').at(-1) ?? ''}`;
}

function hasKey(messageIds: readonly string[], key: string): boolean {
  return messageIds.some(id => keyOf(id) === key);
}

function among(wanted: readonly string[], value: string | undefined): boolean {
  return wanted.length === 0 || (value !== undefined && wanted.includes(value));
}
