import type { Json, JsonObject } from '../../json.ts';
import { message } from '../../messages/message.ts';
import { RedfishProblem } from '../../messages/problem.ts';
import type { Load } from '../outcomes.ts';
import type { Pace } from '../pace.ts';

/** `$expand`: shows resources in place of the links to them. @see DSP0266 §7.4.4 */

/** Which links are meant: `.` those not under `Links`, `~` those under it, `*` both. */
export interface Expansion {
  readonly kind: '.' | '~' | '*';
  readonly levels: number;
}

export const mostLevels = 4;

/** Most bytes of resources that one answer shows. */
const mostBytes = 4 * 1024 * 1024;

/** A link that is to be followed, and how what it leads to takes its place. */
interface Step {
  readonly path: string;
  readonly left: number;
  readonly put: (shown: Json) => void;
}

/**
 * A body with the resources that it links to.
 * @param load - what a path leads to; a link to what cannot be shown stays a link
 * @throws {@link RedfishProblem} 507 when that is too much
 */
export async function expanded(
  body: JsonObject,
  { kind, levels }: Expansion,
  load: Load,
  pace: Pace,
): Promise<JsonObject> {
  const steps: Step[] = [];

  const copy = (from: JsonObject, left: number, underLinks: boolean): JsonObject => {
    const to: Record<string, Json | undefined> = {};
    for (const [name, value] of Object.entries(from)) {
      const put = (shown: Json) => {
        to[name] = shown;
      };
      to[name] = name === 'Actions' ? value : part(value, left, underLinks || name === 'Links', put);
    }
    return to;
  };

  const list = (from: readonly Json[], left: number, underLinks: boolean): readonly Json[] => {
    const to: Json[] = [];
    for (const [index, value] of from.entries()) {
      const put = (shown: Json) => {
        to[index] = shown;
      };
      to[index] = part(value, left, underLinks, put) ?? null;
    }
    return to;
  };

  const part = (
    value: Json | undefined,
    left: number,
    underLinks: boolean,
    put: Step['put'],
  ): Json | undefined => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return list(value, left, underLinks);
    const path = linkOf(value as JsonObject);
    if (path === undefined) return copy(value as JsonObject, left, underLinks);
    if (kind === '*' || (kind === '~') === underLinks) steps.push({ path, left, put });
    return value;
  };

  const shown = copy(body, levels, false);
  let bytes = 0;
  // What is shown in place of a link may bring more of them.
  for (const { path, left, put } of steps) {
    const found = load(path)?.read();
    if (!found) continue;
    bytes += found.bytes.length;
    if (bytes > mostBytes) throw new RedfishProblem(507, message('Base.InsufficientStorage'));
    put(left > 1 ? copy(found.object, left - 1, false) : found.object);
    await pace.step();
  }
  return shown;
}

/** The resource that a link is to; `undefined` for what is no link, or leads to a part of a resource. */
function linkOf(object: JsonObject): string | undefined {
  const { '@odata.id': path } = object;
  const isLink = typeof path === 'string' && !path.includes('#') && Object.keys(object).length === 1;
  return isLink ? path : undefined;
}
