import { currentRequest, type RequestScope } from '../support/request-scope.ts';
import type { Activity } from './activity.ts';
import type { Reply } from './command.ts';
import type { MachineAct } from './driver.ts';
import { addedEvents } from './event-log.ts';
import type { NodeState } from './state.ts';
import type { Input } from './turn.ts';

/** Tells listeners what a node goes through, and on whose behalf: read off its inputs and what they changed. */
export class ActivityFeed {
  readonly #listeners = new Set<(activity: Activity) => void>();
  /** Who asked for the operations that have not ended, by their IDs. */
  readonly #asked = new Map<number, RequestScope>();

  /** @returns stops it */
  listen(listener: (activity: Activity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The node has taken an input. */
  took(input: Input, before: NodeState, state: NodeState, reply: Reply): void {
    if (input.type === 'command') {
      const request = currentRequest();
      const operation = reply.accepted ? reply.operation : undefined;
      if (request && operation !== undefined && !this.#asked.has(operation)) {
        this.#asked.set(operation, request);
      }
      this.#tell({ type: 'command', command: input.command, reply, request });
    }
    if (input.type === 'observed') this.#tell({ type: 'observed', observation: input.observation });
    const { operation } = state.durable;
    if (operation && operation.id !== before.durable.operation?.id) {
      this.#tell({ type: 'operation-began', operation, request: this.#asked.get(operation.id) });
    }
    for (const entry of addedEvents(state.log, before.log)) this.#tell({ type: 'logged', entry });
    if (state.results === before.results) return;
    for (const result of state.results) {
      if (before.results.includes(result)) continue;
      this.#tell({ type: 'operation-ended', result, request: this.#asked.get(result.id) });
      this.#asked.delete(result.id);
    }
  }

  /** The driver is called. @returns on whose behalf */
  called(id: number, act: MachineAct, state: NodeState): RequestScope | undefined {
    const { operation } = state.durable;
    const request = (operation && this.#asked.get(operation.id)) ?? currentRequest();
    this.#tell({ type: 'call', id, act, request });
    return request;
  }

  /** That call has ended. */
  callEnded(end: Omit<Activity & { type: 'call-ended' }, 'type'>): void {
    this.#tell({ type: 'call-ended', ...end });
  }

  #tell(activity: Activity): void {
    for (const listener of this.#listeners) listener(activity);
  }
}
