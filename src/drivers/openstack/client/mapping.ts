/** A mapping of a YAML file, not looked into yet. */
export type Mapping = Readonly<Record<string, unknown>>;

/** Whether a value of a YAML file is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One mapping laid over another; mappings within are merged, anything else is replaced. */
export function merged(under: Mapping, over: Mapping): Mapping {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isMapping(below) && isMapping(value) ? merged(below, value) : value;
  }
  return result;
}
