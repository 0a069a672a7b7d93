import type { Json, JsonObject } from '../json.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { RedfishRequest } from './request.ts';

/** Most bytes of a body of JSON. */
export const longestBody = 256 * 1024;

/** How deep a body may be nested. */
const deepest = 24;

/**
 * The bytes of a body.
 * @throws {@link RedfishProblem} 413 when there are more than `most`
 */
export async function bytesOf(request: RedfishRequest, most = longestBody): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request.body) {
      size += part.length;
      if (size > most) throw new RedfishProblem(413, message('Base.PayloadTooLarge'));
      parts.push(part);
    }
  } catch (error) {
    // A client that goes away in the middle is no error of the service.
    if (error instanceof RedfishProblem || !request.signal.aborted) throw error;
    throw new RedfishProblem(400, message('Base.UnrecognizedRequestBody'));
  }
  return Buffer.concat(parts);
}

/**
 * The object that a request's body is.
 * @param empty - whether no body at all stands for an object without properties, as it may for an action
 * @throws {@link RedfishProblem} 400, 413 or 415
 */
export async function objectOf(request: RedfishRequest, empty: boolean): Promise<JsonObject> {
  const bytes = await bytesOf(request);
  if (bytes.length === 0 && empty) return {};
  checkType(request.headers['content-type']);
  const content = parse(bytes);
  if (content === null || typeof content !== 'object' || Array.isArray(content)) {
    throw new RedfishProblem(400, message('Base.UnrecognizedRequestBody'));
  }
  if (depthOf(content) > deepest) throw new RedfishProblem(400, message('Base.UnrecognizedRequestBody'));
  return content as JsonObject;
}

function parse(bytes: Buffer): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch {
    throw new RedfishProblem(400, message('Base.MalformedJSON'));
  }
}

function checkType(type: string | undefined): void {
  // Many a client sends JSON and does not say so.
  if (type === undefined || /^application\/json\s*(;\s*charset=utf-?8\s*)?$/i.test(type)) return;
  throw new RedfishProblem(415, message('Base.HeaderInvalid', [`Content-Type: ${type}`]));
}

/** How deep a value is nested; looks no deeper than is of interest. */
function depthOf(value: Json, level = 1): number {
  if (value === null || typeof value !== 'object' || level > deepest) return level;
  let most = level;
  for (const part of Object.values(value)) {
    if (part !== undefined) most = Math.max(most, depthOf(part, level + 1));
  }
  return most;
}
