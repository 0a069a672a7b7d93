import type { IncomingHttpHeaders } from 'node:http';
import { matches, type RequestMatch } from './faults.ts';
import { isFields, type ServiceName } from './service.ts';

/** A request as it arrived, without secrets. */
export interface RecordedRequest {
  readonly service: ServiceName;
  readonly method: string;
  /** Within the service. */
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** What was answered; 0 when nothing was. */
  status: number;
  /** Milliseconds of the cloud's clock. */
  readonly at: number;
}

const secretHeaders = new Set(['x-auth-token', 'x-subject-token', 'authorization']);
const secretFields = new Set(['password', 'secret', 'adminPass', 'user_data']);

/** Every request that the cloud got, in order. */
export class Recorder {
  readonly requests: RecordedRequest[] = [];

  add(
    request: Omit<RecordedRequest, 'headers' | 'status'> & { readonly headers: IncomingHttpHeaders },
  ): RecordedRequest {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      headers[name] = secretHeaders.has(name) ? '***' : String(value);
    }
    const recorded = { ...request, headers, body: withoutSecrets(request.body), status: 0 };
    this.requests.push(recorded);
    return recorded;
  }

  matching(match: RequestMatch): readonly RecordedRequest[] {
    return this.requests.filter(request => matches(match, request));
  }

  clear(): void {
    this.requests.length = 0;
  }
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      secretFields.has(key) && typeof entry === 'string' ? '***' : withoutSecrets(entry),
    ]),
  );
}
