import { z } from 'zod';
import type { ApiAnswer } from './answer.ts';
import { OpenStackError } from './api-error.ts';
import type { CloudConfig, InDomain } from './cloud-config.ts';

const endpointSchema = z.looseObject({
  interface: z.string(),
  region: z.string().nullish(),
  region_id: z.string().nullish(),
  url: z.string(),
});

const catalogEntrySchema = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  endpoints: z.array(endpointSchema),
});

const namedSchema = z.looseObject({ id: z.string(), name: z.string() });

const tokenSchema = z.looseObject({
  token: z.looseObject({
    expires_at: z.string().nullable(),
    user: namedSchema,
    project: namedSchema.optional(),
    roles: z.array(namedSchema).default([]),
    catalog: z.array(catalogEntrySchema).default([]),
  }),
});

/** A service in Keystone's catalog. */
export type CatalogEntry = z.infer<typeof catalogEntrySchema>;

/** Who a client is, by its token. */
export interface ProjectIdentity {
  readonly projectId: string;
  readonly projectName: string;
  readonly userId: string;
  readonly userName: string;
  /** Names of the roles that the user has in the project. */
  readonly roles: readonly string[];
}

/** A project-scoped token of Keystone. */
export interface Token extends ProjectIdentity {
  /** Secret. */
  readonly value: string;
  /** By this machine's clock: milliseconds since the Unix epoch; `Infinity` for a token that does not expire. */
  readonly expires: number;
  readonly catalog: readonly CatalogEntry[];
}

/**
 * The token in Keystone's answer.
 * @param value - the token itself, where Keystone was asked about one
 * @param now - milliseconds since the Unix epoch
 * @throws OpenStackError
 */
export function readToken(answer: ApiAnswer, value: string | undefined, now: number): Token {
  const { token } = answer.read(tokenSchema);
  const subject = value ?? answer.header('x-subject-token');
  if (subject === undefined)
    throw refused(answer, 'server-fault', 'Keystone answered without X-Subject-Token');
  if (token.project === undefined) {
    throw refused(
      answer,
      'forbidden',
      'the token is not scoped to a project; name one in the cloud configuration (project_name or project_id)',
    );
  }
  const expires = token.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(token.expires_at);
  return {
    value: subject,
    // What is left of it by the server's clock, from which ours may be off.
    expires: now + (expires - (answer.date ?? now)),
    projectId: token.project.id,
    projectName: token.project.name,
    userId: token.user.id,
    userName: token.user.name,
    roles: token.roles.map(role => role.name),
    catalog: token.catalog,
  };
}

/**
 * What Keystone is sent to get a token.
 * @see https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management
 */
export function authenticationBody(config: CloudConfig): unknown {
  const scope = config.project && { project: inDomain(config.project) };
  const { auth } = config;
  switch (auth.type) {
    case 'password': {
      const password = { user: { ...inDomain(auth.user), password: auth.password } };
      return { auth: { identity: { methods: ['password'], password }, scope } };
    }
    case 'application-credential': {
      const { credential, secret } = auth;
      const which =
        'id' in credential
          ? { id: credential.id }
          : { name: credential.name, user: inDomain(credential.user) };
      // It is bound to a project; Keystone refuses a scope beside it.
      return {
        auth: {
          identity: { methods: ['application_credential'], application_credential: { ...which, secret } },
        },
      };
    }
    case 'token':
      return { auth: { identity: { methods: ['token'], token: { id: auth.token } }, scope } };
  }
}

function inDomain(what: InDomain): object {
  return 'id' in what ? { id: what.id } : { name: what.name, domain: what.domain };
}

function refused(answer: ApiAnswer, code: 'server-fault' | 'forbidden', message: string): OpenStackError {
  return new OpenStackError(message, {
    ...answer.asked,
    code,
    status: answer.status,
    requestId: answer.requestId,
  });
}
