import { message } from '../messages/message.ts';
import type { Target } from '../protocol/changes.ts';

/** What a client does to a resource. */
export type ResourceChange = 'ResourceCreated' | 'ResourceChanged' | 'ResourceRemoved';

/**
 * Tells subscribers what a client has done to a resource of the service. What is done to nodes they hear from the nodes'
 * event logs, and from tasks themselves what becomes of them.
 * @param path - of the resource
 */
export function tellOfChange({ resource, at }: Target, change: ResourceChange, path: string): void {
  if ('bmc' in at || resource.schema === 'Task') return;
  const { service } = at;
  service.events.publish({
    message: message(`ResourceEvent.${change}`),
    origin: path,
    at: service.clock.now(),
  });
}
