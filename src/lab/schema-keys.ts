import type { Path } from './problem.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** The keys that a JSON Schema allows at a path, whichever of its alternatives is meant. */
export function keysAt(schema: JsonSchema, path: Path): readonly string[] {
  let reached: readonly JsonSchema[] = alternatives(schema);
  for (const step of path) reached = reached.flatMap(one => stepInto(one, step)).flatMap(alternatives);
  return [...new Set(reached.flatMap(one => Object.keys(asSchema(one.properties) ?? {})))];
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
