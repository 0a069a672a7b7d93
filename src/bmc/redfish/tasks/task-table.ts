import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../support/clock.ts';
import { delay } from '../../../support/delay.ts';
import { messageOf } from '../../../support/errors.ts';
import type { Kept } from '../../../support/kept-value.ts';
import type { Logger } from '../../../support/log.ts';
import { type Message, message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { Events, Task, Tasks, TaskWork } from '../model.ts';
import { errorBody, messagesBody } from '../protocol/answers.ts';
import type { ServiceSettings } from '../settings.ts';
import { taskPath } from './task-body.ts';

/** How many tasks that have ended are remembered, and how many may run at a time. */
const mostEnded = 2000;
const mostRunning = 2000;

/** Points of percent between two events about a task's progress. */
const progressStep = 10;

/** What a {@link TaskTable} works with. */
export interface TaskParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: Pick<Kept<Pick<ServiceSettings, 'taskAutoDelete'>>, 'value'>;
  readonly events: Pick<Events, 'publish'>;
  /** Makes a task's ID: unlike any of an earlier run, by which clients may still ask. */
  readonly newId?: (() => string) | undefined;
}

interface Entry {
  task: Task;
  readonly abort: AbortController;
  /** Resolves when the task has ended. */
  readonly done: Promise<void>;
}

/** The tasks of a service; they are forgotten when it ends. @see DSP0266 §12.2 (asynchronous operations) */
export class TaskTable implements Tasks, Disposable {
  readonly #parts: TaskParts;
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>();

  constructor(parts: TaskParts) {
    this.#parts = parts;
  }

  get all(): readonly Task[] {
    this.#forgetOld();
    return [...this.#entries.values()].map(entry => entry.task);
  }

  get(id: string): Task | undefined {
    this.#forgetOld();
    return this.#entries.get(id)?.task;
  }

  /** @throws RedfishProblem 503 when too many run already */
  start(name: string, target: Task['target'], work: TaskWork): Task {
    this.#makeRoom();
    const id = this.#newId();
    const abort = new AbortController();
    const task: Task = {
      id,
      name,
      state: 'Running',
      status: 'OK',
      percent: 0,
      messages: [message('TaskEvent.TaskStarted', [id])],
      startedAt: this.#parts.clock.now(),
      endedAt: undefined,
      target,
      result: undefined,
    };
    const run = Promise.resolve().then(() => this.#run(id, work, abort.signal));
    this.#entries.set(id, { task, abort, done: run });
    this.#tell(id, message('TaskEvent.TaskStarted', [id]));
    return task;
  }

  async ended(id: string, within: number, signal: AbortSignal): Promise<Task | undefined> {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    const over = new AbortController();
    try {
      const until = AbortSignal.any([signal, over.signal]);
      await Promise.race([entry.done, delay(this.#parts.clock, within, until)]);
    } finally {
      over.abort();
    }
    return entry.task;
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    if (entry.task.endedAt === undefined) {
      entry.task = { ...entry.task, state: 'Cancelling' };
      entry.abort.abort();
    } else {
      this.#entries.delete(id);
      this.#tell(id, message('TaskEvent.TaskRemoved', [id]));
    }
  }

  /** Ends all work. */
  [Symbol.dispose](): void {
    for (const { abort } of this.#entries.values()) abort.abort();
  }

  /** Never rejects: however the work ends, so does its task. */
  async #run(id: string, work: TaskWork, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      const messages = await work(signal, share => this.#progress(id, share));
      const warned = messages.some(({ MessageSeverity }) => MessageSeverity !== 'OK');
      const last = message(warned ? 'TaskEvent.TaskCompletedWarning' : 'TaskEvent.TaskCompletedOK', [id]);
      this.#end(id, [...messages, last], {
        state: 'Completed',
        status: warned ? 'Warning' : 'OK',
        percent: 100,
        result:
          messages.length > 0
            ? { status: 200, body: messagesBody(messages) }
            : { status: 204, body: undefined },
      });
    } catch (error) {
      if (signal.aborted && !(error instanceof RedfishProblem)) {
        const last = message('TaskEvent.TaskCancelled', [id]);
        this.#end(id, [last], { state: 'Cancelled', status: 'Warning', result: undefined });
        return;
      }
      const problem = this.#problemOf(id, error);
      const last = message('TaskEvent.TaskAborted', [id]);
      this.#end(id, [...problem.messages, last], {
        state: 'Exception',
        status: 'Critical',
        result: { status: problem.status, body: errorBody(problem.messages) },
      });
    }
  }

  #problemOf(id: string, error: unknown): RedfishProblem {
    if (error instanceof RedfishProblem) return error;
    this.#parts.log.error({ task: id, error: messageOf(error) }, 'a task failed');
    return new RedfishProblem(500, message('Base.InternalError'));
  }

  #progress(id: string, share: number): void {
    const entry = this.#entries.get(id);
    if (!entry || entry.task.endedAt !== undefined) return;
    const before = entry.task.percent ?? 0;
    const percent = Math.max(before, Math.min(100, Math.floor(share * 100)));
    if (percent === before) return;
    entry.task = { ...entry.task, percent };
    if (Math.floor(percent / progressStep) > Math.floor(before / progressStep)) {
      this.#tell(id, message('TaskEvent.TaskProgressChanged', [id, percent]));
    }
  }

  #end(
    id: string,
    messages: readonly [...Message[], Message],
    end: Pick<Task, 'state' | 'status' | 'result'> & Partial<Pick<Task, 'percent'>>,
  ): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const { task } = entry;
    entry.task = {
      ...task,
      ...end,
      messages: [...task.messages, ...messages],
      endedAt: this.#parts.clock.now(),
    };
    // A task's place among those that have ended is by when it did.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    const [last] = messages.slice(-1);
    if (last) this.#tell(id, last);
  }

  #tell(id: string, told: Message): void {
    this.#parts.events.publish({ message: told, origin: taskPath(id), at: this.#parts.clock.now() });
  }

  #forgetOld(): void {
    const before = this.#parts.clock.now() - this.#parts.settings.value.taskAutoDelete * 60_000;
    for (const [id, { task }] of this.#entries) {
      if (task.endedAt !== undefined && task.endedAt <= before) this.#entries.delete(id);
    }
  }

  #makeRoom(): void {
    this.#forgetOld();
    const ended = [...this.#entries].filter(([, { task }]) => task.endedAt !== undefined);
    if (this.#entries.size - ended.length >= mostRunning) {
      throw new RedfishProblem(503, message('Base.ServiceTemporarilyUnavailable', [30]), {
        'Retry-After': '30',
      });
    }
    for (const [id] of ended.slice(0, Math.max(0, ended.length - mostEnded + 1))) this.#entries.delete(id);
  }

  #newId(): string {
    const make = this.#parts.newId ?? (() => randomBytes(4).toString('hex'));
    for (;;) {
      const id = make();
      if (!this.#entries.has(id)) return id;
    }
  }
}
