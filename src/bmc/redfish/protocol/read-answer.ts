import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { schemaUri } from '../messages/schemas.ts';
import { emptyAnswer, jsonAnswer } from './answers.ts';
import { matches, type Target } from './changes.ts';
import type { Load } from './outcomes.ts';
import { Pace } from './pace.ts';
import { isOfOne, queried, queryOf } from './query/query.ts';
import type { RedfishRequest, RedfishResponse } from './request.ts';

/**
 * Shows a resource.
 * @param load - what other paths lead to, for whoever asks
 */
export async function readAnswer(
  { resource, at, read }: Target,
  allow: readonly string[],
  request: RedfishRequest,
  load: Load,
): Promise<RedfishResponse> {
  checkAccept(request.headers.accept);
  const body = read();
  if (!body) throw new RedfishProblem(404, message('Base.ResourceMissingAtURI', [at.path]));
  const headers = {
    Allow: allow.join(', '),
    Link: `<${schemaUri(resource.schema)}>; rel=describedby`,
  };
  const query = queryOf(request.url.split(/\?(.*)/s)[1] ?? '');
  const pace = new Pace(request.signal);
  if (query && !isOfOne(query)) {
    return jsonAnswer(200, await queried(body.object, resource.schema, query, load, pace), headers);
  }
  const tagged = { ...headers, ETag: body.etag };
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, body.etag)) return emptyAnswer(304, tagged);
  const shown = query ? await queried(body.object, resource.schema, query, load, pace) : body.bytes;
  return jsonAnswer(200, shown, tagged);
}

/** Resources are JSON and nothing else. */
function checkAccept(accept: string | undefined): void {
  if (accept === undefined || accept.trim() === '') return;
  const types = accept.split(',').map(one => one.split(';')[0]?.trim().toLowerCase() ?? '');
  if (types.some(type => ['*/*', 'application/*', 'application/json'].includes(type))) return;
  throw new RedfishProblem(406, message('Base.HeaderInvalid', [`Accept: ${accept.slice(0, 200)}`]));
}
