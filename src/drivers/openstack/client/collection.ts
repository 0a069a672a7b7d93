import { z } from 'zod';
import type { CallContext, CreateOptions, Query, ServiceType } from './call.ts';
import { linksSchema, nextLink } from './links.ts';
import type { Session } from './session.ts';

/** Resources of one kind that a service has under one path: Neutron's all look alike, and Cinder's do too. */
export class Collection<T extends { readonly id: string }, Create extends object, Update extends object> {
  readonly #session: Session;
  readonly #service: ServiceType;
  /** Path of the whole, without slash: `security-groups`. */
  readonly #path: string;
  /** Where a listing is asked for, if not under the path itself. */
  readonly #listPath: string;
  /** Wraps one in a body: `security_group`. */
  readonly #singular: string;
  /** Wraps many in a body: `security_groups`. */
  readonly #plural: string;
  readonly #schema: z.ZodType<T>;

  constructor(
    session: Session,
    service: ServiceType,
    names: { path: string; listPath?: string; singular: string; plural: string },
    schema: z.ZodType<T>,
  ) {
    this.#session = session;
    this.#service = service;
    this.#path = names.path;
    this.#listPath = names.listPath ?? names.path;
    this.#singular = names.singular;
    this.#plural = names.plural;
    this.#schema = schema;
  }

  /** All that the query matches, every page of them. */
  async list(query: Query, ctx: CallContext): Promise<T[]> {
    const plural = z.looseObject({ [this.#plural]: z.array(this.#schema) });
    const links = z.looseObject({ [`${this.#plural}_links`]: linksSchema });
    const { items } = await this.#session.pages(
      { service: this.#service, method: 'GET', path: `/${this.#listPath}`, query },
      answer => ({
        items: answer.read(plural)[this.#plural] ?? [],
        next: nextLink(answer.read(links)[`${this.#plural}_links`]),
      }),
      ctx,
    );
    return items;
  }

  async get(id: string, ctx: CallContext): Promise<T> {
    const answer = await this.#session.call(
      { service: this.#service, method: 'GET', path: `/${this.#path}/${id}` },
      ctx,
    );
    return answer.read(this.#one());
  }

  create(body: Create, options: CreateOptions<T>, ctx: CallContext): Promise<T> {
    return this.#session.create(
      {
        service: this.#service,
        method: 'POST',
        path: `/${this.#path}`,
        body: { [this.#singular]: body },
      },
      answer => answer.read(this.#one()),
      options.find,
      ctx,
    );
  }

  /** Changes the fields that the body has. */
  async update(id: string, body: Update, ctx: CallContext): Promise<T> {
    const answer = await this.#session.call(
      {
        service: this.#service,
        method: 'PUT',
        path: `/${this.#path}/${id}`,
        body: { [this.#singular]: body },
      },
      ctx,
    );
    return answer.read(this.#one());
  }

  /** One that is gone is no error. */
  async delete(id: string, ctx: CallContext): Promise<void> {
    await this.#session.remove(
      { service: this.#service, method: 'DELETE', path: `/${this.#path}/${id}` },
      ctx,
    );
  }

  #one(): z.ZodType<T> {
    const schema = this.#schema;
    const name = this.#singular;
    return z
      .looseObject({})
      .transform(body => body[name])
      .pipe(schema);
  }
}
