/** The entries of an object that have a value: so that what a file leaves out is absent, as it is in JSON. */
export function defined<T extends object>(entries: T): T {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as T;
}
