import type { JsonObject } from '../../json.ts';
import { message } from '../../messages/message.ts';
import { RedfishProblem } from '../../messages/problem.ts';
import type { SchemaName } from '../../messages/schemas.ts';
import type { Load } from '../outcomes.ts';
import type { Pace } from '../pace.ts';
import { type Expansion, expanded, mostLevels } from './expand.ts';
import { type Filter, parseFilter } from './filter.ts';
import { selected } from './select.ts';

/** What a client asks of a resource besides the resource itself. @see DSP0266 §7.4 */
export interface Query {
  readonly only: boolean;
  readonly excerpt: boolean;
  readonly filter: Filter | undefined;
  readonly skip: number | undefined;
  readonly top: number | undefined;
  readonly expand: Expansion | undefined;
  readonly select: readonly string[] | undefined;
  /** As sent, for the link to what comes next. */
  readonly parameters: URLSearchParams;
}

/** Parts of a resource that are of use in other resources' bodies. @see schema Sensor, SensorExcerpt */
const excerpts: Readonly<Partial<Record<SchemaName, readonly string[]>>> = {
  Sensor: ['DataSourceUri', 'Reading'],
};

/**
 * Reads a query.
 * @returns `undefined` when nothing is asked that this service knows
 * @throws {@link RedfishProblem} 400 or 501
 */
export function queryOf(text: string): Query | undefined {
  if (text === '') return undefined;
  const parameters = new URLSearchParams(text);
  const names = [...new Set(parameters.keys())].filter(name => name.startsWith('$') || known.includes(name));
  if (names.length === 0) return undefined;
  const unknown = names.find(name => !known.includes(name));
  if (unknown !== undefined) refuse('Base.QueryParameterUnsupported', [unknown.slice(0, 100)], 501);
  const query: Query = {
    only: flag(parameters, 'only'),
    excerpt: flag(parameters, 'excerpt'),
    filter: filterOf(parameters),
    skip: count(parameters, '$skip'),
    top: count(parameters, '$top'),
    expand: expansionOf(parameters),
    select: selectionOf(parameters),
    parameters,
  };
  if (query.only && names.length > 1) refuse('Base.QueryCombinationInvalid');
  return query;
}

/** Whether the answer is of that resource alone, so that the resource's ETag is the answer's. */
export function isOfOne(query: Query): boolean {
  const { only, filter, skip, top, expand } = query;
  return !only && !filter && skip === undefined && top === undefined && !expand;
}

/**
 * Carries a query out, in the order that the standard has.
 * @throws {@link RedfishProblem} 400 or 507
 */
export async function queried(
  body: JsonObject,
  schema: SchemaName,
  query: Query,
  load: Load,
  pace: Pace,
): Promise<JsonObject> {
  const members = schema.endsWith('Collection') ? (body.Members as readonly JsonObject[]) : undefined;
  const { only, filter, skip, top, expand, excerpt, select } = query;
  if (!members && (only || filter || skip !== undefined || top !== undefined)) {
    refuse('Base.QueryNotSupportedOnResource');
  }
  if (only) return (members?.length === 1 && bodyOf(members[0], load)) || body;
  let result = body;
  if (members) {
    const wanted = filter ? await filtered(members, filter, load, pace) : members;
    result = { ...result, ...paged(wanted, query, String(body['@odata.id'])) };
  }
  if (expand) result = await expanded(result, expand, load, pace);
  if (excerpt) result = excerptOf(result, schema);
  return select ? selected(result, select) : result;
}

const known: readonly string[] = ['only', 'excerpt', '$filter', '$skip', '$top', '$expand', '$select'];

async function filtered(
  members: readonly JsonObject[],
  filter: Filter,
  load: Load,
  pace: Pace,
): Promise<readonly JsonObject[]> {
  const wanted: JsonObject[] = [];
  for (const member of members) {
    if (filter(bodyOf(member, load) ?? {})) wanted.push(member);
    await pace.step();
  }
  return wanted;
}

/** The members of one page, how many there are in all, and where the next ones are. */
function paged(all: readonly JsonObject[], { skip = 0, top, parameters }: Query, path: string): JsonObject {
  const end = top === undefined ? all.length : skip + top;
  const next = new URLSearchParams(parameters);
  next.set('$skip', String(end));
  const more = top !== undefined && top > 0 && end < all.length;
  return {
    'Members@odata.count': all.length,
    Members: all.slice(skip, end),
    ...(more ? { 'Members@odata.nextLink': `${path}?${next.toString().replaceAll('%24', '$')}` } : {}),
  };
}

function bodyOf(member: JsonObject | undefined, load: Load): JsonObject | undefined {
  const path = member?.['@odata.id'];
  if (typeof path !== 'string') return undefined;
  // Some collections show their members in whole.
  return Object.keys(member ?? {}).length > 1 ? member : load(path)?.read()?.object;
}

function excerptOf(body: JsonObject, schema: SchemaName): JsonObject {
  const names = excerpts[schema];
  if (!names) return refuse('Base.QueryNotSupportedOnResource');
  return selected(body, names);
}

function flag(parameters: URLSearchParams, name: string): boolean {
  const value = parameters.get(name);
  if (value !== null && value !== '')
    refuse('Base.QueryParameterValueFormatError', [value.slice(0, 100), name]);
  return value !== null;
}

function filterOf(parameters: URLSearchParams): Filter | undefined {
  const text = parameters.get('$filter');
  if (text === null) return undefined;
  return parseFilter(text) ?? refuse('Base.QueryParameterValueFormatError', [text.slice(0, 200), '$filter']);
}

function count(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === null) return undefined;
  if (!/^-?\d+$/.test(text)) return refuse('Base.QueryParameterValueTypeError', [text.slice(0, 100), name]);
  const value = Number(text);
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  return refuse('Base.QueryParameterOutOfRange', [text.slice(0, 100), name, '0 and above']);
}

function expansionOf(parameters: URLSearchParams): Expansion | undefined {
  const text = parameters.get('$expand');
  if (text === null) return undefined;
  const [, kind, levels = '1'] = /^([.~*])(?:\(\$levels=(\d{1,9})\))?$/.exec(text) ?? [];
  if (kind !== '.' && kind !== '~' && kind !== '*') {
    return refuse('Base.QueryParameterValueFormatError', [text.slice(0, 100), '$expand']);
  }
  if (Number(levels) >= 1 && Number(levels) <= mostLevels) return { kind, levels: Number(levels) };
  return refuse('Base.QueryParameterOutOfRange', [levels, '$levels', `1 to ${mostLevels}`]);
}

function selectionOf(parameters: URLSearchParams): readonly string[] | undefined {
  const text = parameters.get('$select');
  if (text === null) return undefined;
  const names = text.split(',').map(name => name.trim());
  if (names.length > 100 || !names.every(name => /^(\*|[\w@#.]+(\/[\w@#.]+)*)$/.test(name))) {
    return refuse('Base.QueryParameterValueFormatError', [text.slice(0, 100), '$select']);
  }
  return names.includes('*') ? undefined : names;
}

function refuse(key: `Base.Query${string}`, args: readonly string[] = [], status = 400): never {
  throw new RedfishProblem(status, message(key, args));
}
