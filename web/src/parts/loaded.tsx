import type { ComponentChildren } from 'preact';
import type { Resource } from './resource.ts';

interface LoadedProps<T> {
  readonly resource: Resource<T>;
  readonly children: (value: T) => ComponentChildren;
}

/** Shows something that is read from the daemon once it is there, or why it is not. */
export function Loaded<T>({ resource, children }: LoadedProps<T>) {
  switch (resource.state) {
    case 'loading':
      return <p class="quiet">Asking the daemon…</p>;
    case 'failed':
      return (
        <p class="problem">
          {resource.refusal.message} {resource.refusal.remedy}
        </p>
      );
    case 'there':
      return <>{children(resource.value)}</>;
  }
}
