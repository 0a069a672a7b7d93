import type { CloudCall } from '../../drivers/openstack/clouds.ts';
import type { Activity } from '../../node/activity.ts';
import type { RequestScope } from '../../support/request-scope.ts';

/** Something that happened in the daemon. */
export type Happening =
  | { readonly type: 'node'; readonly lab: string; readonly node: string; readonly activity: Activity }
  /** Nodes of a lab have come or gone, or their BMCs have been set up anew. */
  | { readonly type: 'nodes'; readonly lab: string }
  /** `request`: on whose behalf; `undefined`: nobody's, such as a poll. */
  | { readonly type: 'cloud'; readonly call: CloudCall; readonly request: RequestScope | undefined }
  /** A fault was injected into a node, or lifted. */
  | {
      readonly type: 'fault';
      readonly lab: string;
      readonly node: string;
      readonly fault: string;
      readonly phase: 'injected' | 'felt' | 'lifted';
      readonly text: string;
    };

/** All that happens in the daemon, for those who watch: timeline, metrics, traces, webhooks. */
export class Happenings {
  readonly #listeners = new Set<(happening: Happening) => void>();

  tell(happening: Happening): void {
    for (const listener of this.#listeners) listener(happening);
  }

  /** @returns stops it */
  listen(listener: (happening: Happening) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
