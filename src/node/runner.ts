import type { Clock, Timer } from '../support/clock.ts';
import type { Document } from '../support/document.ts';
import { messageOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import { onBehalfOf } from '../support/request-scope.ts';
import type { Activity } from './activity.ts';
import { ActivityFeed } from './activity-feed.ts';
import type { Command, Reply } from './command.ts';
import {
  type Capabilities,
  type Driver,
  DriverError,
  type DriverErrorKind,
  type Hardware,
  type MachineAct,
  type MachineId,
  type Observation,
} from './driver.ts';
import type { EventLog } from './event-log.ts';
import type { Node } from './node.ts';
import type { SerialPort } from './serial.ts';
import type { NodeSpec } from './spec.ts';
import { type DurableState, initialState, type NodeState } from './state.ts';
import { transition, wakeTime } from './transition.ts';
import type { Effect, Input } from './turn.ts';

/** What is kept of a node on disk. */
export interface KeptNode {
  readonly durable: DurableState;
  readonly log: EventLog;
}

/** What a {@link NodeRunner} works with. */
export interface RunnerParts {
  readonly spec: NodeSpec;
  readonly machine: MachineId;
  readonly driver: Pick<Driver, 'act' | 'capabilities' | 'hardware' | 'serial'>;
  readonly clock: Clock;
  readonly document: Document<KeptNode>;
  readonly log: Logger;
}

/** Runs a node: feeds the transition function, keeps its state on disk and performs its effects. */
export class NodeRunner implements Node {
  readonly spec: NodeSpec;
  readonly #parts: RunnerParts;
  readonly #listeners = new Set<(state: NodeState, before: NodeState) => void>();
  readonly #activities = new ActivityFeed();
  #state: NodeState;
  #timer: Timer | undefined;
  #timerAt: number | undefined;
  #abort: AbortController | undefined;
  readonly #closing = new AbortController();
  // Versions of what has to be kept: the newest one, the newest on disk, and who waits for the disk.
  #version = 0;
  #savedVersion = 0;
  #saving: Promise<void> | undefined;

  private constructor(parts: RunnerParts, kept: KeptNode | undefined) {
    this.#parts = parts;
    this.spec = parts.spec;
    this.#state = initialState(kept?.durable, kept?.log);
  }

  /**
   * Starts a node with what was kept of it.
   * @param powerLost - whether the host has been without power since then
   */
  static async start(parts: RunnerParts, powerLost: boolean): Promise<NodeRunner> {
    const node = new NodeRunner(parts, await parts.document.read());
    node.#take({ type: 'started', powerLost });
    return node;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  get state(): NodeState {
    return this.#state;
  }

  get capabilities(): Capabilities {
    return this.#parts.driver.capabilities(this.#parts.machine);
  }

  get hardware(): Hardware {
    return this.#parts.driver.hardware?.(this.#parts.machine) ?? this.spec;
  }

  get serial(): SerialPort {
    return this.#parts.driver.serial(this.#parts.machine);
  }

  async command(command: Command): Promise<Reply> {
    if (this.closed.aborted)
      return { accepted: false, refusal: 'busy', message: 'the node is being taken down' };
    const reply = this.#take({ type: 'command', command });
    await this.#saved(this.#version);
    return reply;
  }

  /** Takes what the driver saw. */
  observe(observation: Observation): void {
    this.#take({ type: 'observed', observation });
  }

  onChange(listener: (state: NodeState, before: NodeState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Calls back with all that the node goes through, each thing as it happens.
   * @returns stops it
   */
  onActivity(listener: (activity: Activity) => void): () => void {
    return this.#activities.listen(listener);
  }

  /** Resolves when all that has happened so far is on disk; rejects when it cannot be written. */
  kept(): Promise<void> {
    return this.#saved(this.#version);
  }

  /** Stops: no timer, no driver call under way, all that was accepted on disk. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#timer?.cancel();
    this.#abort?.abort();
    await this.#saved(this.#version);
  }

  #take(input: Input): Reply {
    if (this.closed.aborted)
      return { accepted: false, refusal: 'busy', message: 'the node is being taken down' };
    const { clock } = this.#parts;
    const before = this.#state;
    const { state, effects, reply } = transition(before, input, {
      now: clock.now(),
      capabilities: this.capabilities,
    });
    this.#state = state;
    if (state.durable !== before.durable || state.log !== before.log) this.#version++;
    this.#activities.took(input, before, state, reply);
    for (const effect of effects) this.#perform(effect);
    if (state !== before) {
      this.#wakeInTime();
      for (const listener of this.#listeners) listener(state, before);
    }
    if (this.#version !== this.#savedVersion) this.#saveSoon();
    return reply;
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'call':
        void this.#call(effect.id, effect.act);
        break;
      case 'abort-call':
        this.#abort?.abort();
        break;
    }
  }

  /** Never rejects: however the call ends, the node is told. */
  async #call(id: number, act: MachineAct): Promise<void> {
    const { driver, machine, clock, log } = this.#parts;
    const abort = new AbortController();
    this.#abort = abort;
    const request = this.#activities.called(id, act, this.#state);
    const begun = clock.now();
    const ended = (error?: { kind: DriverErrorKind; message: string }) =>
      this.#activities.callEnded({ id, act, request, error, milliseconds: clock.now() - begun });
    try {
      // What is about to be done must not be forgotten by a kill in the middle of it.
      await this.#saved(this.#version);
      abort.signal.throwIfAborted();
      await onBehalfOf(request, () => driver.act(machine, act, abort.signal));
      ended();
      this.#take({ type: 'call-done', id });
    } catch (error) {
      const kind = error instanceof DriverError ? error.kind : abort.signal.aborted ? 'transient' : 'refused';
      const message = messageOf(error);
      log.warn({ machine, action: act.action, kind, error: message }, 'driver call failed');
      ended({ kind, message });
      this.#take({ type: 'call-failed', id, kind, message });
    }
  }

  #wakeInTime(): void {
    const at = wakeTime(this.#state);
    if (at === this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    if (at === undefined) return;
    const wake = () => {
      this.#timerAt = undefined;
      this.#take({ type: 'woken' });
      this.#wakeInTime();
    };
    this.#timer = onBehalfOf(undefined, () => this.#parts.clock.after(at - this.#parts.clock.now(), wake));
  }

  /** Keeps the state without anybody waiting for it; a later write tries again what this one could not. */
  #saveSoon(): void {
    if (this.#saving) return;
    this.#saving = this.#save();
    this.#saving.catch((error: unknown) => {
      this.#parts.log.error(
        { machine: this.#parts.machine, error: messageOf(error) },
        'state could not be kept',
      );
    });
  }

  /** Resolves when that version is on disk; rejects when it cannot be written. */
  async #saved(version: number): Promise<void> {
    while (this.#savedVersion < version) {
      this.#saving ??= this.#save();
      await this.#saving;
    }
  }

  async #save(): Promise<void> {
    try {
      while (this.#savedVersion < this.#version) {
        const version = this.#version;
        const { durable, log } = this.#state;
        await this.#parts.document.write({ durable, log });
        this.#savedVersion = version;
      }
    } finally {
      this.#saving = undefined;
    }
  }
}
