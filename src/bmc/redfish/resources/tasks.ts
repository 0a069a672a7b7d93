import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { typeOf } from '../messages/schemas.ts';
import type { Task } from '../model.ts';
import { emptyAnswer, jsonAnswer } from '../protocol/answers.ts';
import {
  collectionBody,
  done,
  type Outcome,
  type ServiceAt,
  serviceEndpoint,
  serviceResource,
} from '../resource.ts';
import { taskBody, taskMonitorPath, taskPath } from '../tasks/task-body.ts';

/** @see schema TaskCollection */
export const tasks = serviceResource({
  path: '/redfish/v1/TaskService/Tasks',
  schema: 'TaskCollection',
  volatile: true,
  read: ({ service }) =>
    collectionBody(
      'Tasks',
      service.tasks.all.map(({ id }) => taskPath(id)),
    ),
});

/** @see schema Task */
export const task = serviceResource({
  path: '/redfish/v1/TaskService/Tasks/{task}',
  schema: 'Task',
  volatile: true,
  read: at => {
    const found = taskAt(at);
    return found && taskBody(found);
  },
  remove: cancel,
});

/** What became of the request that set a task off. @see DSP0266 §12.2 (task monitors) */
export const taskMonitor = serviceEndpoint({
  path: '/redfish/v1/TaskService/TaskMonitors/{task}',
  schema: 'Task',
  get: async at => {
    const found = existing(at);
    const { id, result } = found;
    if (result) return result.body ? jsonAnswer(result.status, result.body) : emptyAnswer(result.status);
    const body = { '@odata.id': taskPath(id), '@odata.type': typeOf('Task'), ...taskBody(found) };
    return jsonAnswer(202, body, {
      Allow: 'GET, HEAD, DELETE',
      Location: taskMonitorPath(id),
      'Retry-After': '1',
    });
  },
  remove: cancel,
});

/** Ends a task that runs, or forgets one that has ended. */
async function cancel(at: ServiceAt): Promise<Outcome> {
  at.service.tasks.remove(existing(at).id);
  return done;
}

function taskAt({ service, params }: ServiceAt): Task | undefined {
  return service.tasks.get(params.task ?? '');
}

/** A task whose monitor is still there: a task that was cancelled has none any more. */
function existing(at: ServiceAt): Task {
  const found = taskAt(at);
  if (found && (found.state !== 'Cancelled' || at.path === taskPath(found.id))) return found;
  throw new RedfishProblem(404, message('Base.ResourceMissingAtURI', [at.path]));
}
