import type { z } from 'zod';
import type { Json, JsonObject } from '../json.ts';
import { type Message, message } from './message.ts';

/** What a body is for, which decides what its faults are called. */
export type Purpose =
  | { readonly kind: 'patch'; readonly current: JsonObject }
  | { readonly kind: 'create' }
  | { readonly kind: 'action'; readonly name: string };

/** What is wrong with one property of a body. */
export interface Refusal {
  /** From the body down to the property. */
  readonly path: readonly (string | number)[];
  readonly message: Message;
}

type Issue = z.core.$ZodIssue;

/** The faults that a schema found in a body, as messages of the Base registry. */
export function refusalsOf(issues: readonly Issue[], body: JsonObject, purpose: Purpose): readonly Refusal[] {
  return issues.flatMap(issue => {
    const path = issue.path.map(step => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(key => unknown([...path, key], purpose));
    }
    if (issue.code === 'invalid_union') return [unionRefusal(issue, path, body, purpose)];
    return [{ path, message: describe(issue, path, valueAt(body, path), purpose) }];
  });
}

/** What stands at a path of a body. */
export function valueAt(body: Json | undefined, path: readonly (string | number)[]): Json | undefined {
  let here = body;
  for (const step of path) {
    if (here === null || typeof here !== 'object' || !Object.hasOwn(here, step)) return undefined;
    here = (here as Readonly<Record<string | number, Json | undefined>>)[step];
  }
  return here;
}

/** Of a union, the alternative that came nearest: the fault that lies deepest. */
function unionRefusal(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: readonly (string | number)[],
  body: JsonObject,
  purpose: Purpose,
): Refusal {
  const inner = issue.errors.flat().map(other => ({ ...other, path: [...path, ...other.path] }) as Issue);
  const deepest = refusalsOf(inner, body, purpose).reduce<Refusal | undefined>(
    (best, other) => (best && best.path.length >= other.path.length ? best : other),
    undefined,
  );
  return deepest ?? { path, message: describe(issue, path, valueAt(body, path), purpose) };
}

function unknown(path: readonly (string | number)[], purpose: Purpose): Refusal {
  const name = nameOf(path);
  const pointer = [pointerOf(path)];
  switch (purpose.kind) {
    case 'action':
      return { path, message: message('Base.ActionParameterUnknown', [purpose.name, name], pointer) };
    case 'patch': {
      const readOnly = valueAt(purpose.current, path) !== undefined;
      const key = readOnly ? 'Base.PropertyNotWritable' : 'Base.PropertyUnknown';
      return { path, message: message(key, [name], pointer) };
    }
    case 'create':
      return { path, message: message('Base.PropertyUnknown', [name], pointer) };
  }
}

function describe(
  issue: Issue,
  path: readonly (string | number)[],
  value: Json | undefined,
  purpose: Purpose,
): Message {
  const name = nameOf(path);
  const pointer = [pointerOf(path)];
  if (value === undefined) {
    switch (purpose.kind) {
      case 'action':
        return message('Base.ActionParameterMissing', [purpose.name, name], pointer);
      case 'create':
        return message('Base.CreateFailedMissingReqProperties', [name], pointer);
      case 'patch':
        return message('Base.PropertyMissing', [name], pointer);
    }
  }
  const shown = /password|token|secret|key/i.test(name) ? '******' : textOf(value);
  const fault = faultOf(issue, value);
  if (purpose.kind === 'action') {
    return fault === 'Error'
      ? message('Base.ActionParameterValueError', [name, purpose.name], pointer)
      : message(`Base.ActionParameterValue${fault}`, [shown, name, purpose.name], pointer);
  }
  return fault === 'Error'
    ? message('Base.PropertyValueError', [name], pointer)
    : message(`Base.PropertyValue${fault}`, [shown, name], pointer);
}

function faultOf(
  issue: Issue,
  value: Json,
): 'TypeError' | 'FormatError' | 'NotInList' | 'OutOfRange' | 'Error' {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_union':
    case 'invalid_element':
      return 'TypeError';
    case 'invalid_value':
      return typeof value === typeof issue.values[0] ? 'NotInList' : 'TypeError';
    case 'invalid_format':
      return 'FormatError';
    case 'too_big':
    case 'too_small':
    case 'not_multiple_of':
      return typeof value === 'number' ? 'OutOfRange' : 'FormatError';
    default:
      return 'Error';
  }
}

function textOf(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** How messages name a property that lies deeper: `Boot/BootSourceOverrideTarget`. */
function nameOf(path: readonly (string | number)[]): string {
  return path.join('/');
}

function pointerOf(path: readonly (string | number)[]): string {
  return path.map(step => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
