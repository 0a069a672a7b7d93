import type { SchemaName } from '../messages/schemas.ts';
import type { Action, Endpoint, NodeAt, Resource, Route, ServiceAt } from '../resource.ts';

/** What a path leads to. */
export type Place =
  | { readonly kind: 'resource'; readonly route: Route; readonly at: AnyResource }
  | { readonly kind: 'endpoint'; readonly route: Route; readonly at: AnyEndpoint }
  | {
      readonly kind: 'action';
      readonly route: Route;
      readonly at: AnyResource;
      readonly name: string;
      readonly action: AnyAction;
    };

/**
 * Routes of both scopes, once it is known what they are called with: the core makes a {@link NodeAt} for routes of
 * nodes and a {@link ServiceAt} for the others.
 */
export type AnyResource = Resource<ServiceAt | NodeAt>;
export type AnyEndpoint = Endpoint<ServiceAt | NodeAt>;
export type AnyAction = Action<ServiceAt | NodeAt>;

/** A path that the service has. */
export interface Match {
  readonly place: Place;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Schemas of the resources that it is under, outermost first. */
  readonly above: readonly SchemaName[];
}

/** One segment of all paths that begin the same. */
interface Branch {
  readonly fixed: Map<string, Branch>;
  named: { readonly name: string; readonly branch: Branch } | undefined;
  place: Place | undefined;
}

/** Finds what a path leads to. */
export class Router {
  readonly #root: Branch = branch();

  /** @throws RangeError when two routes have the same path */
  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const at = route.at as AnyResource | AnyEndpoint;
      if (at.kind === 'endpoint') {
        this.#add(at.path, { kind: 'endpoint', route, at });
        continue;
      }
      this.#add(at.path, { kind: 'resource', route, at });
      for (const [name, action] of Object.entries(at.actions ?? {})) {
        this.#add(`${at.path}/Actions/${name}`, { kind: 'action', route, at, name, action });
      }
    }
  }

  /** @param segments - the path's, decoded, without empty ones */
  find(segments: readonly string[]): Match | undefined {
    const params: Record<string, string> = {};
    const above: SchemaName[] = [];
    let here: Branch | undefined = this.#root;
    for (const segment of segments) {
      if (here.place?.kind === 'resource') above.push(here.place.at.schema);
      const fixed: Branch | undefined = here.fixed.get(segment);
      if (!fixed && here.named) params[here.named.name] = segment;
      here = fixed ?? here.named?.branch;
      if (!here) return undefined;
    }
    return here.place && { place: here.place, params, above };
  }

  /** The route that a path is one of, as its template; `undefined`: there is none. */
  templateOf(path: string): string | undefined {
    const segments = segmentsOf(path);
    const place = segments && this.find(segments)?.place;
    if (!place) return undefined;
    const { path: template } = place.route.at;
    return place.kind === 'action' ? `${template}/Actions/${place.name}` : template;
  }

  #add(path: string, place: Place): void {
    let here = this.#root;
    for (const segment of path.split('/').slice(1)) {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      here = name === undefined ? fixedBranch(here, segment) : namedBranch(here, name, path);
    }
    if (here.place) throw new RangeError(`two routes have the path ${path}`);
    here.place = place;
  }
}

function branch(): Branch {
  return { fixed: new Map(), named: undefined, place: undefined };
}

function fixedBranch(parent: Branch, segment: string): Branch {
  const found = parent.fixed.get(segment) ?? branch();
  parent.fixed.set(segment, found);
  return found;
}

function namedBranch(parent: Branch, name: string, path: string): Branch {
  parent.named ??= { name, branch: branch() };
  if (parent.named.name !== name) {
    throw new RangeError(`${path} says {${name}} where another route says {${parent.named.name}}`);
  }
  return parent.named.branch;
}

/**
 * The segments of a path, decoded; a slash at its end says nothing.
 * @returns `undefined` when no resource can be meant: broken encoding, characters that no name has, empty segments
 */
export function segmentsOf(path: string): readonly string[] | undefined {
  const segments = path.replace(/\/$/, '').split('/').slice(1);
  if (!segments.some(segment => segment.includes('%'))) return segments.every(isName) ? segments : undefined;
  try {
    const decoded = segments.map(decodeURIComponent);
    return decoded.every(isName) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

function isName(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && !/[/\\\p{Cc}]/u.test(segment);
}
