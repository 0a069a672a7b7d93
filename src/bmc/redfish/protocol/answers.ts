import type { JsonObject } from '../json.ts';
import type { Message } from '../messages/message.ts';
import type { RedfishProblem } from '../messages/problem.ts';
import type { RedfishResponse } from './request.ts';

/** Headers of every answer. @see DSP0266 §8.2 */
const always = { 'OData-Version': '4.0', 'Cache-Control': 'no-cache' };

/** An answer with a body of JSON. */
export function jsonAnswer(
  status: number,
  body: JsonObject | Buffer,
  headers: Readonly<Record<string, string>> = {},
): RedfishResponse {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return {
    status,
    headers: {
      ...always,
      'Content-Type': 'application/json;charset=utf-8',
      'Content-Length': String(bytes.length),
      ...headers,
    },
    body: bytes,
  };
}

/** An answer without a body. */
export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): RedfishResponse {
  return { status, headers: { ...always, ...headers }, body: undefined };
}

/** An error, as clients see it. @see DSP0266 §8.6 */
export function errorAnswer(problem: RedfishProblem): RedfishResponse {
  return jsonAnswer(problem.status, errorBody(problem.messages), problem.headers);
}

/** What went wrong, as a body. @see DSP0266 §8.6 */
export function errorBody(messages: readonly [Message, ...Message[]]): JsonObject {
  const [first] = messages;
  return {
    error: {
      code: first.MessageId,
      message: first.Message,
      '@Message.ExtendedInfo': messages.map(asJson),
    },
  };
}

/** A body that says what there is to say of a success. */
export function messagesBody(messages: readonly Message[]): JsonObject {
  return { '@Message.ExtendedInfo': messages.map(asJson) };
}

/** A message as a part of a body. */
export function asJson(message: Message): JsonObject {
  return { ...message };
}

/** An answer of an endpoint, with what clients find in every answer. */
export function withUsualHeaders(
  answer: RedfishResponse,
  more: Readonly<Record<string, string>>,
): RedfishResponse {
  return { ...answer, headers: { ...always, ...more, ...answer.headers } };
}
