import { withoutCredentials } from '../../../support/credentials.ts';
import type { JsonObject } from '../json.ts';
import type { Task } from '../model.ts';
import { asJson } from '../protocol/answers.ts';

/** URI of a task. */
export function taskPath(id: string): string {
  return `/redfish/v1/TaskService/Tasks/${id}`;
}

/** URI of a task's monitor. @see DSP0266 §12.2 */
export function taskMonitorPath(id: string): string {
  return `/redfish/v1/TaskService/TaskMonitors/${id}`;
}

/** A task, as clients see it. @see schema Task */
export function taskBody(task: Task): JsonObject {
  const { path, method, body } = task.target;
  return {
    Id: task.id,
    Name: task.name,
    TaskState: task.state,
    TaskStatus: task.status,
    PercentComplete: task.percent,
    StartTime: new Date(task.startedAt).toISOString(),
    EndTime: task.endedAt === undefined ? undefined : new Date(task.endedAt).toISOString(),
    TaskMonitor: taskMonitorPath(task.id),
    HidePayload: false,
    Payload: {
      HttpOperation: method,
      TargetUri: path,
      JsonBody: body === undefined ? undefined : JSON.stringify(body, withoutSecrets),
    },
    Messages: task.messages.map(asJson),
  };
}

/** Leaves out of a body what the readers of tasks shall not know. */
function withoutSecrets(name: string, value: unknown): unknown {
  if (/password|secret|token|credential/i.test(name)) return value === null ? null : '******';
  return typeof value === 'string' && value.includes('://') ? withoutCredentials(value) : value;
}
