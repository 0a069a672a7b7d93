import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { parseFilter } from '../protocol/query/filter.ts';
import { keyOf, prefixOf } from './event-filter.ts';
import { type EventRecord, originTypeOf } from './event-record.ts';

/** Whether a listener wants an event. */
export type EventTest = (record: EventRecord) => boolean;

/** What events can be told apart by. */
const properties: readonly string[] = [
  'EventFormatType',
  'EventType',
  'MessageId',
  'OriginResource',
  'RegistryPrefix',
  'ResourceType',
  'SubordinateResources',
];

/**
 * What a listener wants, from the `$filter` of its request: `RegistryPrefix eq 'Base' or not (ResourceType eq 'Task')`.
 * @throws RedfishProblem 400 when it is none
 * @see DSP0266 §13.5 (server-sent events)
 */
export function eventTestOf(filter: string): EventTest {
  const isWanted = parseFilter(filter);
  if (!isWanted || !namesOf(filter).every(name => properties.includes(name))) {
    const args = [filter.slice(0, 200), '$filter'];
    throw new RedfishProblem(400, message('Base.QueryParameterValueFormatError', args));
  }
  // It says of all origins that the filter names how they are meant.
  const subordinate = /SubordinateResources\s+eq\s+true/.test(filter);
  return record =>
    isWanted({
      EventFormatType: 'Event',
      EventType: record.type,
      // With the version of its registry, or without.
      MessageId: [record.messageId, keyOf(record.messageId)],
      OriginResource: subordinate ? ancestorsOf(record.origin ?? '') : (record.origin ?? ''),
      RegistryPrefix: prefixOf(record.messageId),
      ResourceType: originTypeOf(record.origin ?? '') ?? '',
      SubordinateResources: subordinate,
    });
}

/** A URI and those above it. */
function ancestorsOf(uri: string): readonly string[] {
  const segments = uri.split('/');
  return segments.map((_, index) => segments.slice(0, index + 1).join('/'));
}

/** The properties that a filter compares. */
function namesOf(filter: string): readonly string[] {
  const plain = filter.replace(/'[^']*'/g, "''");
  return [...plain.matchAll(/(\w+)\s+(?:eq|ne)\b/g)].map(([, name = '']) => name);
}
