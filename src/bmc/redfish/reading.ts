import { emptyAnswer, jsonAnswer } from './answers.ts';
import { matches, type Target } from './changes.ts';
import { message } from './message.ts';
import type { Load } from './outcomes.ts';
import { RedfishProblem } from './problem.ts';
import type { RedfishRequest, RedfishResponse } from './request.ts';
import { schemaUri } from './schemas.ts';

/** Shows a resource. */
export function readAnswer(
  target: Target,
  allow: readonly string[],
  request: RedfishRequest,
  _load: Load,
): RedfishResponse {
  const body = target.read();
  if (!body) throw new RedfishProblem(404, message('Base.ResourceMissingAtURI', [target.at.path]));
  const headers = {
    ETag: body.etag,
    Allow: allow.join(', '),
    Link: `<${schemaUri(target.resource.schema)}>; rel=describedby`,
  };
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, body.etag)) return emptyAnswer(304, headers);
  return jsonAnswer(200, body.bytes, headers);
}
