import { isOrigin, keyOf, prefixOf } from './event-filter.ts';
import { type EventRecord, originTypeOf } from './event-record.ts';
import { message } from './message.ts';
import { RedfishProblem } from './problem.ts';

/** Whether a listener wants an event. */
export type EventTest = (record: EventRecord) => boolean;

/** How deep a filter may be nested. */
const deepest = 16;

const tokens = /\s*(\(|\)|'(?:[^']|'')*'|[A-Za-z]+)/y;

/**
 * What a listener wants, from the `$filter` of its request: `RegistryPrefix eq 'Base' or not (ResourceType eq 'Task')`.
 * @throws RedfishProblem 400 when it is none
 * @see DSP0266 §13.5 (server-sent events)
 */
export function eventTestOf(filter: string): EventTest {
  const words = split(filter);
  // `SubordinateResources eq true` says how all origins of the filter are meant.
  const subordinate = /SubordinateResources\s+eq\s+true/.test(filter);
  let place = 0;
  const take = () => words[place++] ?? '';

  const anyOf = (depth: number): EventTest => {
    let test = allOf(depth);
    while (words[place] === 'or') {
      place++;
      const [left, right] = [test, allOf(depth)];
      test = record => left(record) || right(record);
    }
    return test;
  };
  const allOf = (depth: number): EventTest => {
    let test = one(depth);
    while (words[place] === 'and') {
      place++;
      const [left, right] = [test, one(depth)];
      test = record => left(record) && right(record);
    }
    return test;
  };
  const one = (depth: number): EventTest => {
    if (depth > deepest) throw invalid(filter);
    const word = take();
    if (word === 'not') {
      const test = one(depth + 1);
      return record => !test(record);
    }
    if (word === '(') {
      const test = anyOf(depth + 1);
      if (take() !== ')') throw invalid(filter);
      return test;
    }
    const [operator, value] = [take(), take()];
    const test = comparison(word, value, subordinate);
    if (!test || (operator !== 'eq' && operator !== 'ne')) throw invalid(filter);
    return operator === 'eq' ? test : record => !test(record);
  };

  const test = anyOf(0);
  if (place !== words.length) throw invalid(filter);
  return test;
}

function split(filter: string): readonly string[] {
  const words: string[] = [];
  tokens.lastIndex = 0;
  const text = filter.trimEnd();
  while (tokens.lastIndex < text.length) {
    const word = tokens.exec(text)?.[1];
    if (word === undefined) throw invalid(filter);
    words.push(word);
  }
  return words;
}

/** Whether an event's property has a value; `undefined` when no event has that property. */
function comparison(property: string, text: string, subordinate: boolean): EventTest | undefined {
  if (property === 'SubordinateResources')
    return text === 'true' || text === 'false' ? () => true : undefined;
  if (!text.startsWith("'")) return undefined;
  const value = text.slice(1, -1).replaceAll("''", "'");
  switch (property) {
    case 'EventFormatType':
      return () => value === 'Event';
    case 'EventType':
      return record => record.type === value;
    case 'RegistryPrefix':
      return record => prefixOf(record.messageId) === value;
    case 'MessageId':
      return record => keyOf(record.messageId) === keyOf(value);
    case 'ResourceType':
      return record => originTypeOf(record.origin ?? '') === value;
    case 'OriginResource':
      return record => isOrigin(record, value, subordinate);
    default:
      return undefined;
  }
}

function invalid(filter: string): RedfishProblem {
  const shown = filter.slice(0, 200);
  return new RedfishProblem(400, message('Base.QueryParameterValueFormatError', [shown, '$filter']));
}
