import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { get, Refusal } from '../http.ts';
import { beginnings } from '../live/watch.ts';

/** Something that is read from the daemon. */
export type Resource<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'there'; readonly value: T }
  | { readonly state: 'failed'; readonly refusal: Refusal };

export interface ReadResource<T> {
  readonly current: Signal<Resource<T>>;
  /** Reads it again. */
  readonly reload: () => void;
}

/**
 * Reads something from the daemon: when it is first shown, whenever the connection has come back, and every so many
 * milliseconds while the page is looked at. What shows it has the path as its key.
 */
export function useResource<T>(path: string, every?: number): ReadResource<T> {
  const current = useSignal<Resource<T>>({ state: 'loading' });
  const asked = useSignal(0);
  const reload = () => {
    asked.value += 1;
  };
  useEffect(() => {
    if (every === undefined) return;
    const timer = setInterval(() => !document.hidden && reload(), every);
    return () => clearInterval(timer);
  }, [path, every]);
  useSignalEffect(() => {
    beginnings.value;
    asked.value;
    const end = new AbortController();
    get<T>(path, end.signal).then(
      value => {
        current.value = { state: 'there', value };
      },
      (error: unknown) => {
        if (end.signal.aborted) return;
        const refusal = error instanceof Refusal ? error : new Refusal(0, String(error));
        // What is shown stays while the daemon cannot be reached: the page says so by itself.
        if (refusal.status !== 0 || current.peek().state === 'loading')
          current.value = { state: 'failed', refusal };
      },
    );
    return () => end.abort();
  });
  return { current, reload };
}
