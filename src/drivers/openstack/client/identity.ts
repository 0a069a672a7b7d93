import { z } from 'zod';
import { isOpenStackError } from './api-error.ts';
import type { CallContext } from './call.ts';
import type { Session } from './session.ts';

/** One API call that an application credential may make. */
export interface AccessRule {
  /** Type of the service: `compute`, `network`. */
  readonly service: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With wildcards: `/v2.1/servers/*`, `/v2.1/**`. */
  readonly path: string;
}

/** An application credential to be created. */
export interface CreateApplicationCredential {
  /** Unique among the user's. */
  readonly name: string;
  readonly description?: string | undefined;
  /** Names of roles; `undefined`: all that the user has in the project. */
  readonly roles?: readonly string[] | undefined;
  /** `undefined`: every call that the roles allow. */
  readonly accessRules?: readonly AccessRule[] | undefined;
  readonly expiresAt?: Date | undefined;
}

const applicationCredentialSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  project_id: z.string().optional(),
  expires_at: z.string().nullish(),
  access_rules: z.array(z.looseObject({ id: z.string() })).nullish(),
});

/** An application credential, without its secret. */
export type ApplicationCredential = z.infer<typeof applicationCredentialSchema>;

const projectSchema = z.looseObject({ id: z.string(), name: z.string(), enabled: z.boolean().optional() });

/** A project that the user has a role in. */
export type Project = z.infer<typeof projectSchema>;

/**
 * Keystone.
 * @see https://docs.openstack.org/api-ref/identity/v3/
 */
export class Identity {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Makes a credential for the session's user in its project. Its secret is told once, so a create whose answer was lost
   * is not repeated: delete what it may have left by name, and begin anew.
   */
  async createApplicationCredential(
    credential: CreateApplicationCredential,
    ctx: CallContext,
  ): Promise<{ id: string; secret: string }> {
    const { name, description, roles, accessRules, expiresAt } = credential;
    const answer = await this.#session.call(
      {
        service: 'identity',
        method: 'POST',
        path: await this.#path(ctx),
        body: {
          application_credential: {
            name,
            description,
            roles: roles?.map(role => ({ name: role })),
            access_rules: accessRules,
            expires_at: expiresAt?.toISOString(),
            // It may not make further credentials.
            unrestricted: false,
          },
        },
      },
      ctx,
    );
    const schema = z.looseObject({
      application_credential: z.looseObject({ id: z.string(), secret: z.string() }),
    });
    const { id, secret } = answer.read(schema).application_credential;
    return { id, secret };
  }

  async listApplicationCredentials(ctx: CallContext): Promise<ApplicationCredential[]> {
    const answer = await this.#session.call(
      { service: 'identity', method: 'GET', path: await this.#path(ctx) },
      ctx,
    );
    return answer.read(z.looseObject({ application_credentials: z.array(applicationCredentialSchema) }))
      .application_credentials;
  }

  /**
   * Takes those of its access rules along that no other credential has, which Keystone would keep for ever. One that is
   * gone is no error.
   */
  async deleteApplicationCredential(id: string, ctx: CallContext): Promise<void> {
    const path = `${await this.#path(ctx)}/${id}`;
    const rules = await this.#accessRules(path, ctx);
    await this.#session.remove({ service: 'identity', method: 'DELETE', path }, ctx);
    for (const rule of rules) await this.#deleteAccessRule(rule.id, ctx);
  }

  /** Projects that the user has a role in. */
  async projects(ctx: CallContext): Promise<Project[]> {
    const answer = await this.#session.call(
      { service: 'identity', method: 'GET', path: '/auth/projects' },
      ctx,
    );
    return answer.read(z.looseObject({ projects: z.array(projectSchema) })).projects;
  }

  async #accessRules(path: string, ctx: CallContext): Promise<readonly { readonly id: string }[]> {
    try {
      const answer = await this.#session.call({ service: 'identity', method: 'GET', path }, ctx);
      const schema = z.looseObject({ application_credential: applicationCredentialSchema });
      return answer.read(schema).application_credential.access_rules ?? [];
    } catch (error) {
      if (isOpenStackError(error, 'not-found')) return [];
      throw error;
    }
  }

  async #deleteAccessRule(id: string, ctx: CallContext): Promise<void> {
    const { userId } = await this.#session.token(ctx);
    const path = `/users/${userId}/access_rules/${id}`;
    try {
      await this.#session.remove({ service: 'identity', method: 'DELETE', path }, ctx);
    } catch (error) {
      // Another credential has it, too.
      if (!isOpenStackError(error, 'forbidden')) throw error;
    }
  }

  async #path(ctx: CallContext): Promise<string> {
    const { userId } = await this.#session.token(ctx);
    return `/users/${userId}/application_credentials`;
  }
}
