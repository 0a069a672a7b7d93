import type { Path } from './problem.ts';
import { driverMark } from './schema-parts.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** The keys that a JSON Schema allows at a path, whichever of its alternatives is meant. */
export function keysAt(schema: JsonSchema, path: Path): readonly string[] {
  let reached: readonly JsonSchema[] = alternatives(schema);
  for (const step of path) reached = reached.flatMap(one => stepInto(one, step)).flatMap(alternatives);
  return [...new Set(reached.flatMap(ownKeys))];
}

/** A key that only another driver than the chosen one can use. */
export interface ForeignKey {
  readonly path: Path;
  /** The driver that it is for. */
  readonly driver: string;
}

/** The keys of a file's content that the chosen driver cannot use. What stands below such a key is not looked at. */
export function foreignKeys(schema: JsonSchema, content: unknown, driver: string): readonly ForeignKey[] {
  return foreignBelow([schema], content, driver, []);
}

function foreignBelow(
  schemas: readonly JsonSchema[],
  content: unknown,
  driver: string,
  path: Path,
): readonly ForeignKey[] {
  if (typeof content !== 'object' || content === null || schemas.length === 0) return [];
  const reached = schemas.flatMap(alternatives);
  const entries = Array.isArray(content) ? [...content.entries()] : Object.entries(content);
  return entries.flatMap(([step, value]) => {
    const next = reached.flatMap(one => stepInto(one, step));
    const owner = next.map(one => one[driverMark]).find(mark => typeof mark === 'string');
    const at = [...path, step];
    return owner === undefined || owner === driver
      ? foreignBelow(next, value, driver, at)
      : [{ path: at, driver: owner }];
  });
}

/** The keys that a schema names: of an object, or those that a mapping may have. */
function ownKeys({ properties, propertyNames }: JsonSchema): readonly string[] {
  const names = asSchema(propertyNames)?.enum;
  return [...Object.keys(asSchema(properties) ?? {}), ...(Array.isArray(names) ? names.map(String) : [])];
}

/** The alternatives that a schema consists of: itself, if it has none. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const parts = schema.anyOf ?? schema.oneOf;
  return Array.isArray(parts) ? parts.flatMap(part => alternatives(part as JsonSchema)) : [schema];
}

function stepInto(schema: JsonSchema, step: string | number): readonly JsonSchema[] {
  const properties = asSchema(schema.properties);
  const next =
    typeof step === 'number'
      ? schema.items
      : properties && Object.hasOwn(properties, step)
        ? properties[step]
        : schema.additionalProperties;
  const found = asSchema(next);
  return found ? [found] : [];
}

function asSchema(value: unknown): JsonSchema | undefined {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : undefined;
}
