import type { Json, JsonObject } from '../../json.ts';
import { message } from '../../messages/message.ts';
import { RedfishProblem } from '../../messages/problem.ts';
import type { Load } from '../outcomes.ts';

/** `$expand`: shows resources in place of the links to them. @see DSP0266 §7.4.4 */

/** Which links are meant: `.` those not under `Links`, `~` those under it, `*` both. */
export interface Expansion {
  readonly kind: '.' | '~' | '*';
  readonly levels: number;
}

export const mostLevels = 4;

/** Most bytes of resources that one answer shows. */
const mostBytes = 4 * 1024 * 1024;

/**
 * A body with the resources that it links to.
 * @param load - what a path leads to; a link to what cannot be shown stays a link
 * @throws {@link RedfishProblem} 507 when that is too much
 */
export function expanded(body: JsonObject, { kind, levels }: Expansion, load: Load): JsonObject {
  let bytes = 0;

  const object = (from: JsonObject, left: number, underLinks: boolean): JsonObject =>
    Object.fromEntries(
      Object.entries(from).map(([name, value]) => [
        name,
        name === 'Actions' ? value : part(value, left, underLinks || name === 'Links'),
      ]),
    );

  const part = (value: Json | undefined, left: number, underLinks: boolean): Json | undefined => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(one => part(one, left, underLinks) ?? null);
    const path = linkOf(value as JsonObject);
    if (path === undefined) return object(value as JsonObject, left, underLinks);
    const wanted = kind === '*' || (kind === '~') === underLinks;
    return wanted ? resource(path, left, value) : value;
  };

  const resource = (path: string, left: number, link: Json): Json => {
    const found = load(path)?.read();
    if (!found) return link;
    bytes += found.bytes.length;
    if (bytes > mostBytes) throw new RedfishProblem(507, message('Base.InsufficientStorage'));
    return left > 1 ? object(found.object, left - 1, false) : found.object;
  };

  return object(body, levels, false);
}

/** The resource that a link is to; `undefined` for what is no link, or leads to a part of a resource. */
function linkOf(object: JsonObject): string | undefined {
  const { '@odata.id': path } = object;
  const isLink = typeof path === 'string' && !path.includes('#') && Object.keys(object).length === 1;
  return isLink ? path : undefined;
}
