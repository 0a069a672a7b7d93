import type { JsonObject } from '../../json.ts';

/** Names of properties, each with those of its own that are wanted; without any, it is wanted in whole. */
interface Wanted extends ReadonlyMap<string, Wanted> {}

/**
 * `$select`: a body with some of its properties. What says which resource it is stays, and so do the annotations of
 * what is wanted. Of a collection it is the members, where they are shown, that are selected from.
 * @param paths - names of properties, of nested ones as `Boot/BootOrder`
 * @see DSP0266 §7.4.3
 */
export function selected(body: JsonObject, paths: readonly string[]): JsonObject {
  const wanted = treeOf(paths);
  const { Members } = body;
  if (!Array.isArray(Members)) return pick(body, wanted);
  const members = (Members as readonly JsonObject[]).map(member =>
    Object.keys(member).length > 1 ? pick(member, wanted) : member,
  );
  return { ...body, Members: members };
}

function treeOf(paths: readonly string[]): Wanted {
  const tree = new Map<string, Wanted>();
  const below = new Map<string, string[]>();
  for (const path of paths) {
    const [name = '', ...rest] = path.split('/');
    below.set(name, [...(below.get(name) ?? []), rest.join('/')]);
  }
  for (const [name, rest] of below) tree.set(name, rest.includes('') ? new Map() : treeOf(rest));
  return tree;
}

function pick(object: JsonObject, wanted: Wanted): JsonObject {
  const picked: Record<string, JsonObject[string]> = {};
  for (const [name, value] of Object.entries(object)) {
    const [property = ''] = name.split('@');
    const below = wanted.get(name) ?? wanted.get(property);
    if (name.startsWith('@odata.')) picked[name] = value;
    else if (below) {
      const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
      picked[name] = below.size > 0 && isObject ? pick(value as JsonObject, below) : value;
    }
  }
  return picked;
}
