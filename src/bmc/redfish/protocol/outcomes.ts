import { message } from '../messages/message.ts';
import type { Outcome } from '../resource.ts';
import { emptyAnswer, jsonAnswer, messagesBody } from './answers.ts';
import { annotated, type Change, type Target } from './changes.ts';
import type { RedfishResponse } from './request.ts';

/** What a path leads to. */
export type Load = (path: string) => Target | undefined;

/**
 * Tells a client what came of its request.
 * @param changed - the resource that it has changed, which is shown as it is now
 */
export function outcomeAnswer(
  change: Change | Outcome,
  changed: Target | undefined,
  load: Load,
): RedfishResponse {
  const { outcome, refusals } = 'kind' in change ? { outcome: change, refusals: [] } : change;
  switch (outcome.kind) {
    case 'done': {
      const body = changed?.read();
      const messages = outcome.messages ?? [];
      if (body && messages.length === 0 && refusals.length === 0) {
        return jsonAnswer(200, body.bytes, { ETag: body.etag });
      }
      if (body) return jsonAnswer(200, annotated(body.object, refusals, messages), { ETag: body.etag });
      return messages.length > 0 ? jsonAnswer(200, messagesBody(messages)) : emptyAnswer(204);
    }
    case 'answer':
      return jsonAnswer(200, outcome.body);
    case 'created': {
      const body = load(outcome.path)?.read();
      const headers = { Location: outcome.path, ...outcome.headers };
      return body
        ? jsonAnswer(201, body.bytes, { ETag: body.etag, ...headers })
        : jsonAnswer(201, messagesBody([message('Base.Created')]), headers);
    }
    case 'task': {
      const { id } = outcome.task;
      const body = load(`/redfish/v1/TaskService/Tasks/${id}`)?.read();
      const headers = { Location: `/redfish/v1/TaskService/TaskMonitors/${id}`, 'Retry-After': '1' };
      return body ? jsonAnswer(202, body.bytes, headers) : emptyAnswer(202, headers);
    }
  }
}
