import { Agent, type Dispatcher } from 'undici';
import * as z from 'zod';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import type { IronicNode, IronicPort } from './ironic.ts';

/** Where Ironic's API is, and as whom it is asked. */
export interface IronicAccess {
  /** Its endpoint, with or without `/v1`. */
  readonly url: string;
  readonly auth:
    | { readonly type: 'none' }
    | { readonly type: 'http_basic'; readonly username: string; readonly password: string }
    | { readonly type: 'token'; readonly token: string };
  /** PEM of an authority that it is verified by; `undefined`: the system's. */
  readonly ca?: string | undefined;
}

/** The API's version that everything here needs. @see https://docs.openstack.org/ironic/latest/contributor/webapi-version-history.html */
const microversion = '1.72';
/** That of a node's firmware interface. */
const firmwareMicroversion = '1.86';

/** Milliseconds. */
const answerTimeout = 60_000;

const nodeState = z.object({
  uuid: z.string(),
  driver: z.string(),
  provision_state: z.string(),
  last_error: z.string().nullable(),
});
const portList = z.object({ ports: z.array(z.object({ address: z.string() })) });

/** How far Ironic is with a node. */
export type IronicNodeState = z.output<typeof nodeState>;

/** Ironic refused, or did something unexpected. */
export class IronicError extends QuintupleoError {
  /** HTTP; 0: there was no answer. */
  readonly status: number;

  constructor(message: string, status: number, remedy?: string, cause?: unknown) {
    const family = status === 0 || status >= 500 ? 'platform' : 'user';
    super(message, { family, code: 'IRONIC_REFUSED', ...(remedy && { remedy }), cause });
    this.status = status;
  }
}

/** What enrolment asks of Ironic's API. Every call throws {@link IronicError}, or the signal's reason. */
export class IronicClient implements AsyncDisposable {
  readonly #access: IronicAccess;
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #signal: AbortSignal;

  constructor(access: IronicAccess, signal: AbortSignal) {
    this.#access = access;
    this.#base = new URL(`${access.url.replace(/\/+(v1\/*)?$/, '')}/v1/`);
    this.#agent = new Agent({ connections: 8, connect: access.ca === undefined ? {} : { ca: access.ca } });
    this.#signal = signal;
  }

  /** @returns `undefined` if there is no such node */
  async findNode(uuid: string): Promise<IronicNodeState | undefined> {
    const answer = await this.#call('GET', `nodes/${uuid}?fields=uuid,driver,provision_state,last_error`, {
      orElse: [404],
    });
    return answer === undefined ? undefined : understood(nodeState, answer);
  }

  async createNode(node: IronicNode): Promise<IronicNodeState> {
    const version = node.firmware_interface === undefined ? microversion : firmwareMicroversion;
    return understood(nodeState, await this.#call('POST', 'nodes', { body: node, version }));
  }

  /**
   * Sets entries of a node, and leaves the others as they are: `/driver_info/ipmi_address` …
   * A new `/driver` takes its own default interfaces, as those of another one may not work with it.
   */
  async changeNode(uuid: string, values: Readonly<Record<string, unknown>>): Promise<void> {
    const patch = Object.entries(values).map(([path, value]) => ({ op: 'add', path, value }));
    const query = '/driver' in values ? '?reset_interfaces=True' : '';
    const version = '/firmware_interface' in values ? firmwareMicroversion : microversion;
    await this.#call('PATCH', `nodes/${uuid}${query}`, { body: patch, version });
  }

  /** MAC addresses of a node's ports. */
  async portsOf(uuid: string): Promise<readonly string[]> {
    const { ports } = understood(portList, await this.#call('GET', `nodes/${uuid}/ports`));
    return ports.map(({ address }) => address.toLowerCase());
  }

  async createPort(node: string, port: IronicPort): Promise<void> {
    await this.#call('POST', 'ports', { body: { node_uuid: node, ...port } });
  }

  /** Begins to bring a node to another state. */
  async provision(uuid: string, target: 'manage' | 'provide'): Promise<void> {
    await this.#call('PUT', `nodes/${uuid}/states/provision`, { body: { target } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #call(
    method: Dispatcher.HttpMethod,
    path: string,
    {
      body,
      orElse = [],
      version = microversion,
    }: { body?: unknown; orElse?: readonly number[]; version?: string } = {},
  ): Promise<unknown> {
    const url = new URL(path, this.#base);
    const response = await this.#reaching(url, () =>
      this.#agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: {
          ...this.#authorization(),
          accept: 'application/json',
          'x-openstack-ironic-api-version': version,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: answerTimeout,
        bodyTimeout: answerTimeout,
        signal: this.#signal,
      }),
    );
    const text = await this.#reaching(url, () => response.body.text());
    const { statusCode: status } = response;
    if (orElse.includes(status)) return undefined;
    if (status >= 400) throw refusal(`${method} ${url.pathname}`, status, text);
    return text === '' ? undefined : parseJson(text);
  }

  async #reaching<T>(url: URL, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      this.#signal.throwIfAborted();
      const remedy = 'Check --url, or OS_ENDPOINT.';
      throw new IronicError(`Ironic at ${url.origin} does not answer: ${messageOf(error)}`, 0, remedy, error);
    }
  }

  #authorization(): Readonly<Record<string, string>> {
    const { auth } = this.#access;
    switch (auth.type) {
      case 'none':
        return {};
      case 'http_basic': {
        const login = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
        return { authorization: `Basic ${login}` };
      }
      case 'token':
        return { 'x-auth-token': auth.token };
    }
  }
}

/** @throws IronicError if it is not what Ironic answers */
function understood<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(answer);
  if (success) return data;
  throw new IronicError('the answer is not one of Ironic', 0, 'Check --url, or OS_ENDPOINT.', error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(what: string, status: number, text: string): IronicError {
  const remedies: Readonly<Record<number, string>> = {
    401: 'Set OS_AUTH_TYPE, and OS_USERNAME and OS_PASSWORD or OS_TOKEN.',
    406: `This needs version ${microversion} of Ironic's API.`,
  };
  return new IronicError(`Ironic refused ${what}: ${status} ${faultOf(text)}`, status, remedies[status]);
}

/** What Ironic says of an error: a JSON text in a JSON text in older versions. */
function faultOf(text: string): string {
  const fault = z.object({ faultstring: z.string() });
  const shape = z.object({ error_message: z.union([fault, z.string()]) });
  try {
    const { error_message: message } = shape.parse(JSON.parse(text));
    return (typeof message === 'string' ? fault.parse(JSON.parse(message)) : message).faultstring;
  } catch {
    return text.slice(0, 200);
  }
}
