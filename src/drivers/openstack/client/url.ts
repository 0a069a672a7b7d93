import type { Query } from './call.ts';

/**
 * The URL of a call.
 * @param base - the service's endpoint
 * @param path - below it, or a whole URL of a paging link
 */
export function urlOf(base: string, path: string, query: Query | undefined): string {
  const url = /^https?:/.test(path) ? linkUnder(base, path) : `${base}${path}`;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) search.append(name, String(one));
    }
  }
  if (search.size === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${search}`;
}

/** A paging link by the way that the service is reached: a service behind a proxy links to where it thinks it is. */
function linkUnder(base: string, link: string): string {
  const { pathname, search } = new URL(link);
  const { origin, pathname: basePath } = new URL(base);
  const version = /\/v\d+(\.\d+)?(?=\/|$)/;
  const [prefix = ''] = basePath.split(version);
  const from = pathname.search(version);
  return `${origin}${from < 0 ? pathname : `${prefix}${pathname.slice(from)}`}${search}`;
}
