import { computed, signal } from '@preact/signals';
import { routeOf } from './routes.ts';

/** Where the reader is, and how to go elsewhere without loading the page anew. */

const address = signal({ path: location.pathname, query: location.search });

export const route = computed(() => routeOf(address.value.path));

/** What follows the `?`. */
export const query = computed(() => address.value.query);

/** Goes to an address of the dashboard. */
export function go(href: string): void {
  history.pushState(null, '', href);
  arrived();
  scrollTo(0, 0);
  // Who reads by ear or keyboard begins at the new page's beginning.
  requestAnimationFrame(() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }));
}

/** Changes what follows the `?`, without an entry in the history. */
export function setQuery(parameters: URLSearchParams): void {
  const text = parameters.toString();
  history.replaceState(null, '', text === '' ? location.pathname : `?${text}`);
  arrived();
}

/** Follows the browser's buttons and the page's links. */
export function listenToAddress(): void {
  addEventListener('popstate', arrived);
  document.addEventListener('click', event => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const href = link?.getAttribute('href');
    if (!link || !href?.startsWith('/') || link.hasAttribute('download') || link.getAttribute('target'))
      return;
    event.preventDefault();
    go(href);
  });
}

function arrived(): void {
  address.value = { path: location.pathname, query: location.search };
}
