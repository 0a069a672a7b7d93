/** The dashboard's addresses. */
export type Route =
  | { readonly page: 'nodes' }
  | { readonly page: 'lab'; readonly lab: string }
  | { readonly page: 'node'; readonly lab: string; readonly node: string }
  | { readonly page: 'unknown' };

/** What is shown at a path. */
export function routeOf(path: string): Route {
  const parts = path.split('/').filter(part => part !== '');
  const [first, lab, third, node] = parts.map(decoded);
  if (parts.length === 0) return { page: 'nodes' };
  if (first !== 'labs' || !lab) return { page: 'unknown' };
  if (parts.length === 2) return { page: 'lab', lab };
  return parts.length === 4 && third === 'nodes' && node ? { page: 'node', lab, node } : { page: 'unknown' };
}

/** Of a lab's page. */
export function labPath(lab: string): string {
  return `/labs/${encodeURIComponent(lab)}`;
}

/** Of a node's page; under `/v1` the control API has the same. */
export function nodePath({ lab, name }: { readonly lab: string; readonly name: string }): string {
  return `${labPath(lab)}/nodes/${encodeURIComponent(name)}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
