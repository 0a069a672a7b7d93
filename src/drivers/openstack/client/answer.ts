import type { ZodType } from 'zod';
import { OpenStackError } from './api-error.ts';
import type { HttpMethod, ServiceType } from './call.ts';

/** What was asked, for messages. */
export interface Asked {
  readonly service: ServiceType;
  readonly method: HttpMethod;
  readonly url: string;
  /** Whether it may change something in the cloud. */
  readonly changes: boolean;
}

/** Header fields, names in lower case. */
export type HeaderFields = Readonly<Record<string, string | string[] | undefined>>;

/** A service's answer to one request. */
export class ApiAnswer {
  readonly asked: Asked;
  readonly status: number;
  readonly text: string;
  readonly #headers: HeaderFields;

  constructor(asked: Asked, status: number, headers: HeaderFields, text: string) {
    this.asked = asked;
    this.status = status;
    this.#headers = headers;
    this.text = text;
  }

  header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  get requestId(): string | undefined {
    return this.header('x-openstack-request-id') ?? this.header('x-compute-request-id');
  }

  /** The server's clock, in milliseconds since the Unix epoch, if it told. */
  get date(): number | undefined {
    const date = Date.parse(this.header('date') ?? '');
    return Number.isNaN(date) ? undefined : date;
  }

  /**
   * The body as what the API promises.
   * @throws OpenStackError `server-fault` when it is something else
   */
  read<T>(schema: ZodType<T>): T {
    let body: unknown;
    try {
      body = JSON.parse(this.text);
    } catch (error) {
      const type = this.header('content-type') ?? 'no content type';
      throw this.#nonsense(`an answer that is no JSON (${type}, ${this.text.length} characters)`, error);
    }
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') || 'the body';
    throw this.#nonsense(`an answer that is not what the API promises: ${where}: ${issue?.message}`);
  }

  #nonsense(what: string, cause?: unknown): OpenStackError {
    const { service, method, url } = this.asked;
    return new OpenStackError(`${method} ${url} gave ${what}`, {
      code: 'server-fault',
      service,
      method,
      url,
      status: this.status,
      requestId: this.requestId,
      effect: this.asked.changes ? 'unknown' : 'none',
      cause,
    });
  }
}
