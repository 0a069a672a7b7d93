import { z } from 'zod';
import { currentRequest, RequestScope } from '../support/request-scope.ts';

/** Headers between daemons that tell on whose behalf one asks the other. */
const faceHeader = 'x-quintupleo-face';
const byHeader = 'x-quintupleo-by';

const face = z.enum(['ipmi', 'redfish', 'control', 'dashboard', 'scenario']);

/** Tells whoever is asked on whose behalf it is; nothing when it is nobody's. */
export function behalfHeaders(): Readonly<Record<string, string>> {
  const origin = currentRequest()?.origin;
  if (!origin) return {};
  return {
    [faceHeader]: origin.face,
    // Names are in any script, and headers are not.
    [byHeader]: encodeURIComponent(origin.by),
    ...(origin.traceparent !== undefined && { traceparent: origin.traceparent }),
  };
}

/** On whose behalf a daemon asks that may be believed; `undefined`: it does not say, or not as it should. */
export function behalfOf({ method, url, headers }: Request): RequestScope | undefined {
  const known = face.safeParse(headers.get(faceHeader));
  const by = decoded(headers.get(byHeader) ?? '');
  if (!known.success || by === undefined) return undefined;
  const traceparent = headers.get('traceparent') ?? undefined;
  return new RequestScope(() => ({
    face: known.data,
    name: `${method} ${new URL(url).pathname}`,
    by,
    traceparent,
  }));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
