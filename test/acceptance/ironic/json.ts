/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What an error of Ironic's API says, which is JSON within JSON. */
export function textOf(body: string): string {
  try {
    const outer: unknown = JSON.parse(body);
    const message = isObject(outer) ? outer.error_message : undefined;
    const inner: unknown = typeof message === 'string' ? JSON.parse(message) : message;
    return isObject(inner) && typeof inner.faultstring === 'string' ? inner.faultstring : body;
  } catch {
    return body;
  }
}
