import { z } from 'zod';
import type { CallContext, CreateOptions } from './call.ts';
import { type Keypair, keypairSchema } from './compute-types.ts';
import type { Session } from './session.ts';

const wrapped = z.looseObject({ keypair: keypairSchema }).transform(body => body.keypair);

/** SSH keys of the user in Nova; they belong to the user, not to the project. */
export class Keypairs {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async list(ctx: CallContext): Promise<Keypair[]> {
    const answer = await this.#session.call({ service: 'compute', method: 'GET', path: '/os-keypairs' }, ctx);
    return answer
      .read(z.looseObject({ keypairs: z.array(z.looseObject({ keypair: keypairSchema })) }))
      .keypairs.map(entry => entry.keypair);
  }

  /** Without a public key Nova makes a pair and tells the private key, once. */
  create(
    keypair: { readonly name: string; readonly public_key?: string | undefined },
    options: CreateOptions<Keypair>,
    ctx: CallContext,
  ): Promise<Keypair> {
    return this.#session.create(
      { service: 'compute', method: 'POST', path: '/os-keypairs', body: { keypair } },
      answer => answer.read(wrapped),
      options.find,
      ctx,
    );
  }

  /** One that is gone is no error. */
  async delete(name: string, ctx: CallContext): Promise<void> {
    const path = `/os-keypairs/${encodeURIComponent(name)}`;
    await this.#session.remove({ service: 'compute', method: 'DELETE', path }, ctx);
  }
}
