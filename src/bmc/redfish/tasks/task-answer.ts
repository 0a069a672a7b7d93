import type { JsonObject } from '../json.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { TaskWork } from '../model.ts';
import { done, type Outcome, type ServiceAt } from '../resource.ts';

/** Shorter than clients wait for an answer: sushy and ironic give up after 60 s. Milliseconds. */
const patience = 50_000;

/** What takes time, but mostly not long. */
export interface Errand {
  /** For people: `Insert media into n1`. */
  readonly name: string;
  /** The request that set it off. */
  readonly path: string;
  readonly method: 'POST' | 'PATCH';
  /** Without secrets. */
  readonly body: JsonObject;
  readonly work: TaskWork;
}

/**
 * Does something as a task, and answers when it has ended: a client that knows nothing of tasks is told of the end, and
 * one that has gone away meanwhile is not missed. What takes long, or what the client would rather not wait for, is
 * answered by the task.
 * @throws {@link RedfishProblem} when it fails in time
 */
export async function answerWhenEnded(at: ServiceAt, errand: Errand): Promise<Outcome> {
  const { name, path, method, body, work } = errand;
  const { tasks } = at.service;
  let problem: RedfishProblem | undefined;
  const started = tasks.start(name, { path, method, body }, async (signal, progress) => {
    try {
      return await work(signal, progress);
    } catch (error) {
      if (error instanceof RedfishProblem) problem = error;
      throw error;
    }
  });
  if (at.respondAsync) return { kind: 'task', task: started };
  const task = (await tasks.ended(started.id, patience, new AbortController().signal)) ?? started;
  if (problem) throw problem;
  switch (task.state) {
    case 'Completed':
      return done;
    case 'Exception':
      throw new RedfishProblem(500, message('Base.InternalError'));
    case 'Cancelled':
      throw new RedfishProblem(409, message('TaskEvent.TaskCancelled', [task.id]));
    case 'New':
    case 'Running':
    case 'Cancelling':
      return { kind: 'task', task };
  }
}
