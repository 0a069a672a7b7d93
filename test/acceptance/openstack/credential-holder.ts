import type { Json } from './api.ts';

const identity = 'http://127.0.0.1:5000/v3';
const compute = 'http://127.0.0.1:8774/v2.1';

/** An application credential, as whoever stole it has it. */
export interface Credential {
  readonly id: string;
  readonly secret: string;
}

/** Somebody who has nothing but an application credential. */
export class CredentialHolder {
  readonly #token: string;

  private constructor(token: string) {
    this.#token = token;
  }

  /** Logs in. @returns `undefined` where Keystone refuses the credential */
  static async logIn({ id, secret }: Credential): Promise<CredentialHolder | undefined> {
    const method = 'application_credential';
    const auth = { identity: { methods: [method], [method]: { id, secret } } };
    const answer = await fetch(`${identity}/auth/tokens`, request('POST', {}, { auth }));
    const token = answer.headers.get('X-Subject-Token');
    return answer.ok && token !== null ? new CredentialHolder(token) : undefined;
  }

  /** Asks Nova. @returns the status of its answer */
  compute(method: string, path: string, body?: Json): Promise<number> {
    return this.#ask(method, `${compute}${path}`, body);
  }

  /** Asks Keystone. @returns the status of its answer */
  identity(method: string, path: string, body?: Json): Promise<number> {
    return this.#ask(method, `${identity}${path}`, body);
  }

  async #ask(method: string, url: string, body?: Json): Promise<number> {
    return (await fetch(url, request(method, { 'X-Auth-Token': this.#token }, body))).status;
  }
}

function request(method: string, headers: Readonly<Record<string, string>>, body?: Json): RequestInit {
  return {
    method,
    headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  };
}
