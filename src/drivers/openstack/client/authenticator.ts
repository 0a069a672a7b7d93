import { abortable } from './abortable.ts';
import { OpenStackError } from './api-error.ts';
import { identityRoot } from './catalog.ts';
import type { CloudConfig } from './cloud-config.ts';
import { faultOf } from './fault.ts';
import { type RetrySurroundings, withRetries } from './retry.ts';
import { authenticationBody, readToken, type Token } from './token.ts';
import type { Transport } from './transport.ts';

// Milliseconds.
const timeout = 60_000;
/** A token is renewed when this much of its life is left, or a fifth of a short life. */
const renewBefore = 5 * 60_000;

/** Keeps a valid token. All that wait for one wait for the same request. */
export class Authenticator {
  readonly #config: CloudConfig;
  readonly #around: Omit<RetrySurroundings, 'signal'>;
  readonly #transport: Transport;
  #token: Token | undefined;
  /** By this machine's clock, in milliseconds: when the token is to be renewed. */
  #renewAt = 0;
  #renewal: Promise<Token> | undefined;

  constructor(config: CloudConfig, around: Omit<RetrySurroundings, 'signal'>, transport: Transport) {
    this.#config = config;
    this.#around = around;
    this.#transport = transport;
  }

  /**
   * A token that is valid for some time yet.
   * @throws OpenStackError; the signal's reason when it aborts
   */
  current(signal: AbortSignal | undefined): Promise<Token> {
    if (this.#token && this.#around.clock.now() < this.#renewAt) return Promise.resolve(this.#token);
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    return abortable(this.#renewal, signal);
  }

  /** Tells that a service no longer takes a token. */
  reject(token: Token): void {
    if (this.#token === token) this.#token = undefined;
  }

  async #renew(): Promise<Token> {
    const { clock } = this.#around;
    try {
      const token = await withRetries(
        () => this.#authenticate(),
        () => true,
        {
          ...this.#around,
          signal: undefined,
        },
      );
      const life = token.expires - clock.now();
      this.#token = token;
      this.#renewAt = token.expires - Math.min(renewBefore, life / 5);
      return token;
    } catch (error) {
      // Keystone being away for a moment is no reason to stop while the old token works.
      const old = this.#token;
      if (old && clock.now() < old.expires && error instanceof OpenStackError && error.passing) return old;
      throw error;
    }
  }

  async #authenticate(): Promise<Token> {
    const { auth, project, authUrl } = this.#config;
    // A token without a project named beside it keeps the scope that it has.
    const asIs = auth.type === 'token' && project === undefined;
    const answer = await this.#transport.send({
      service: 'identity',
      method: asIs ? 'GET' : 'POST',
      url: `${identityRoot(authUrl)}/auth/tokens`,
      headers: {
        accept: 'application/json',
        ...(asIs
          ? { 'x-auth-token': auth.token, 'x-subject-token': auth.token }
          : { 'content-type': 'application/json' }),
      },
      body: asIs ? undefined : JSON.stringify(authenticationBody(this.#config)),
      timeout,
      reason: 'token',
      changes: false,
      signal: undefined,
    });
    if (answer.status >= 300) {
      const fault = faultOf(answer, this.#around.clock);
      throw auth.type === 'token' && [401, 404].includes(answer.status) ? this.#expired(fault) : fault;
    }
    return readToken(answer, asIs ? auth.token : undefined, this.#around.clock.now());
  }

  #expired(fault: OpenStackError): OpenStackError {
    return new OpenStackError(
      `the token of cloud ${this.#config.name} is not valid or has expired, and a token cannot be renewed: ` +
        'get a new one, or use a password or an application credential',
      { ...fault, code: 'unauthorized', cause: fault },
    );
  }
}
