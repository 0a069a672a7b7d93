import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http';

/** The services of the stand-in cloud, by the type that its catalogue gives them. */
export type ServiceName = 'identity' | 'compute' | 'network' | 'image' | 'volumev3';

/** A JSON object whose fields have not been looked at. */
export type Fields = Record<string, unknown>;

/** On whose behalf a request is made. */
export interface Scope {
  readonly userId: string;
  readonly userName: string;
  readonly projectId: string;
  readonly projectName: string;
}

/** A request that has found its handler. */
export interface Call {
  readonly method: string;
  /** Parts of the path that the route names with a colon. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Body as JSON; `undefined` when there is none. */
  readonly body: unknown;
  readonly raw: Buffer;
  readonly scope: Scope;
  /** URL of the service, without a slash at the end. */
  readonly base: string;
  /** `base` and the path within it, without the query. */
  readonly url: string;
  readonly requestId: string;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: string;
  /** Such as `/servers/:id/action`. */
  readonly path: string;
  readonly handle: (call: Call) => Answer | Promise<Answer>;
  /** Whether it is answered without a token. */
  readonly open?: boolean;
}

/** One API of the cloud. */
export interface Service {
  readonly name: ServiceName;
  /** Of the URL in the catalogue, under the server's root. */
  readonly prefix: string;
  readonly routes: readonly Route[];
  /** How this service words a refusal. */
  readonly renderFault: (fault: ApiFault, headers: IncomingHttpHeaders) => Answer;
  /** Answers that come before any route is looked at, such as a version that is not supported. */
  readonly before?: (headers: IncomingHttpHeaders) => Answer | undefined;
  /** Headers that every answer of this service has. */
  readonly answerHeaders?: (headers: IncomingHttpHeaders) => Readonly<Record<string, string>>;
}

/** A request that a service refuses. */
export class ApiFault extends Error {
  readonly status: number;
  /** Neutron's name of the fault. */
  readonly type: string;

  constructor(status: number, message: string, type = 'HTTPBadRequest') {
    super(message);
    this.status = status;
    this.type = type;
  }
}

export const route = (
  method: string,
  path: string,
  handle: Route['handle'],
  options: { readonly open?: boolean } = {},
): Route => ({ method, path, handle, ...options });

/** Parameters of a path that has a route's shape, or `undefined`. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const found = path.split('/');
  if (wanted.length !== found.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = found[index] ?? '';
    if (part.startsWith(':')) {
      if (value === '') return undefined;
      params[part.slice(1)] = decodeURIComponent(value);
    } else if (part !== value) return undefined;
  }
  return params;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The named part of a request's body, which is an object. */
export function bodyPart(call: Call, key: string): Fields | undefined {
  const part = isFields(call.body) ? call.body[key] : undefined;
  return isFields(part) ? part : undefined;
}

export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(entry => typeof entry === 'string') : [];

/** An identifier as Keystone makes them: 32 hexadecimal digits. */
export const hexId = (): string => randomUUID().replaceAll('-', '');

/** To the second, as the services write times: `2026-01-01T00:00:00Z`. */
export const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** With microseconds and without a zone, as Nova and Cinder write some times. */
export const longStamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}.000000`;

/**
 * A refusal as Glance words it, and any service that has no route: JSON, HTML or plain text, as the client accepts.
 */
export function webFault(fault: ApiFault, { accept }: IncomingHttpHeaders): Answer {
  const title = STATUS_CODES[fault.status] ?? 'Error';
  const heading = `${fault.status} ${title}`;
  if (accept === undefined || accept === '' || accept.startsWith('text/plain')) {
    return { status: fault.status, body: `${heading}\n\n${fault.message}\n\n   ` };
  }
  const words = `${escapeHtml(fault.message)}<br /><br />\n\n\n`;
  if (accept.includes('json'))
    return { status: fault.status, body: { message: words, code: heading, title } };
  return {
    status: fault.status,
    body: `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n  ${words}\n </body>\n</html>`,
    headers: { 'Content-Type': 'text/html; charset=UTF-8' },
  };
}

const escapeHtml = (words: string): string =>
  words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll("'", '&#x27;')
    .replaceAll('"', '&quot;');
