import type { Route } from '../resource.ts';

/** Every path that the service answers. */
export const routes: readonly Route[] = [];
