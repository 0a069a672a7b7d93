import { currentRequest, type RequestScope } from '../support/request-scope.ts';
import type { Activity } from './activity.ts';
import type { Reply } from './command.ts';
import type { MachineAct, Observation } from './driver.ts';
import { addedEvents } from './event-log.ts';
import type { NodeState } from './state.ts';
import type { Input } from './turn.ts';

/** Tells listeners what a node goes through, and on whose behalf: read off its inputs and what they changed. */
export class ActivityFeed {
  readonly #listeners = new Set<(activity: Activity) => void>();
  /** Who asked for the operations that have not ended, by their IDs. */
  readonly #asked = new Map<number, RequestScope>();
  /** Whose command the node took last, if that was its last input: what follows from other inputs is nobody's. */
  #request: RequestScope | undefined;

  /** @returns stops it */
  listen(listener: (activity: Activity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The node has taken an input. */
  took(input: Input, before: NodeState, state: NodeState, reply: Reply): void {
    this.#request = input.type === 'command' ? currentRequest() : undefined;
    if (input.type === 'command') {
      const request = this.#request;
      const operation = reply.accepted ? reply.operation : undefined;
      if (request && operation !== undefined && !this.#asked.has(operation)) {
        this.#asked.set(operation, request);
      }
      this.#tell({ type: 'command', command: input.command, reply, request });
    }
    if (input.type === 'observed' && isNews(input.observation, before, state)) {
      this.#tell({ type: 'observed', observation: input.observation });
    }
    for (const entry of addedEvents(state.log, before.log)) this.#tell({ type: 'logged', entry });
    // One that makes way ends before the next one begins.
    for (const result of state.results) {
      if (before.results.includes(result)) continue;
      const request = this.#asked.get(result.id);
      const { operation: begun } = before.durable;
      const milliseconds = begun?.id === result.id ? result.at - begun.startedAt : undefined;
      this.#tell({ type: 'operation-ended', result, request, milliseconds });
      this.#asked.delete(result.id);
    }
    const { operation } = state.durable;
    if (operation && operation.id !== before.durable.operation?.id) {
      this.#tell({ type: 'operation-began', operation, request: this.#asked.get(operation.id) });
    }
  }

  /** The driver is called. @returns on whose behalf */
  called(id: number, act: MachineAct, state: NodeState): RequestScope | undefined {
    const { operation } = state.durable;
    const request = (operation && this.#asked.get(operation.id)) ?? this.#request;
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

/** Platforms tell the same power again and again, and loaders fetch large files in pieces. */
function isNews(observation: Observation, before: NodeState, state: NodeState): boolean {
  switch (observation.type) {
    case 'power':
      return state.power !== before.power;
    case 'fetched':
      return state.fetched !== before.fetched;
    case 'leased':
      return state.leased !== before.leased;
    default:
      return true;
  }
}
