import { message, withReason } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { MessageKey } from '../messages/registries.ts';
import type { MediaError, MediaErrorKind } from './media-source.ts';

/**
 * Why an image could not be had, as clients are told.
 * @param url - without credentials
 * @param pointers - JSON pointers of what the client wrote
 */
export function imageProblem(error: MediaError, url: string, pointers: readonly string[]): RedfishProblem {
  const [status, key, ...args] = problems[error.kind];
  const told = message(
    key,
    args.map(arg => (arg === theUrl ? url : arg)),
    pointers,
  );
  return new RedfishProblem(status, withReason(told, error.message));
}

/** The machine was not given what is in its slot. */
export function deviceProblem(reason: string): RedfishProblem {
  return new RedfishProblem(500, withReason(message('Base.OperationFailed'), reason));
}

/** The slot is taken up with something else. */
export function slotProblem(reason: string, pointers: readonly string[] = []): RedfishProblem {
  return new RedfishProblem(409, withReason(message('Base.ResourceInUse', [], pointers), reason));
}

const theUrl = '{url}';

const problems: Readonly<Record<MediaErrorKind, readonly [number, MessageKey, ...string[]]>> = {
  refused: [400, 'Base.AccessDenied', theUrl],
  'not-found': [400, 'Base.ResourceMissingAtURI', theUrl],
  unauthorized: [400, 'Base.ResourceAtUriUnauthorized', theUrl, 'unauthorized'],
  'too-large': [400, 'Base.ActionParameterValueConflict', 'Image', theUrl],
  'no-space': [507, 'Base.InsufficientStorage'],
  untrusted: [400, 'Base.CouldNotEstablishConnection', theUrl],
  unreachable: [400, 'Base.CouldNotEstablishConnection', theUrl],
  interrupted: [400, 'Base.CouldNotEstablishConnection', theUrl],
  'not-an-image': [400, 'Base.ResourceAtUriInUnknownFormat', theUrl],
};
