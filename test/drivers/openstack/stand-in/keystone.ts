import type { Clock } from '../../../../src/support/clock.ts';
import { type AccessRule, allows } from './access-rule.ts';
import {
  type Answer,
  ApiFault,
  bodyPart,
  type Call,
  type Fields,
  hexId,
  isFields,
  type Route,
  route,
  type Scope,
  type Service,
  stamp,
  text,
} from './service.ts';

/** A project and its one user, a member of it. */
export interface Tenant {
  readonly projectId: string;
  readonly projectName: string;
  readonly userId: string;
  readonly userName: string;
  readonly password: string;
}

export interface ApplicationCredential {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  readonly tenant: Tenant;
  readonly roles: readonly string[];
  /** Milliseconds; `undefined`: never. */
  readonly expiresAt: number | undefined;
  readonly accessRules: readonly AccessRule[];
}

interface Token {
  readonly id: string;
  readonly methods: readonly string[];
  readonly tenant: Tenant;
  /** `false`: it authenticates a user and no more. */
  readonly scoped: boolean;
  readonly issuedAt: number;
  expiresAt: number;
  readonly credential: ApplicationCredential | undefined;
}

const domain = { id: 'default', name: 'Default' };
const roles = ['member', 'reader'];
const roleIds = new Map(roles.map(role => [role, hexId()]));

export function createTenant(projectName: string, userName: string, password: string): Tenant {
  return { projectId: hexId(), projectName, userId: hexId(), userName, password };
}

/** Keystone: tenants, tokens, application credentials, the catalogue. */
export class Keystone implements Service {
  readonly name = 'identity';
  readonly prefix = '/identity';
  readonly routes: readonly Route[];
  readonly credentials = new Map<string, ApplicationCredential>();
  /** They outlive the credentials for which they were made. */
  readonly #accessRules: { readonly userId: string; readonly rule: AccessRule }[] = [];
  readonly #tokens = new Map<string, Token>();
  readonly #clock: Clock;
  readonly #tenants: readonly Tenant[];
  readonly #tokenLifetime: number;
  readonly #catalogue: (projectId: string) => readonly Fields[];

  constructor(options: {
    readonly clock: Clock;
    readonly tenants: readonly Tenant[];
    /** Milliseconds. */
    readonly tokenLifetime: number;
    readonly catalogue: (projectId: string) => readonly Fields[];
  }) {
    this.#clock = options.clock;
    this.#tenants = options.tenants;
    this.#tokenLifetime = options.tokenLifetime;
    this.#catalogue = options.catalogue;
    const credentials = '/v3/users/:user/application_credentials';
    this.routes = [
      route('GET', '', call => ({ status: 300, body: { versions: { values: [version(call)] } } }), {
        open: true,
      }),
      route('GET', '/', call => ({ status: 300, body: { versions: { values: [version(call)] } } }), {
        open: true,
      }),
      route('GET', '/v3', call => ({ status: 200, body: { version: version(call) } }), { open: true }),
      route('GET', '/v3/', call => ({ status: 200, body: { version: version(call) } }), { open: true }),
      route('POST', '/v3/auth/tokens', call => this.#issue(call), { open: true }),
      route('GET', '/v3/auth/tokens', call => this.#show(call)),
      route('DELETE', '/v3/auth/tokens', call => this.#revoke(call)),
      route('GET', '/v3/auth/catalog', ({ scope }) => ({
        status: 200,
        body: { catalog: this.#catalogue(scope.projectId) },
      })),
      route('GET', '/v3/auth/projects', ({ scope }) => ({
        status: 200,
        body: { projects: this.#tenants.filter(({ userId }) => userId === scope.userId).map(projectBody) },
      })),
      route('GET', '/v3/projects/:id', ({ scope, params }) => {
        if (params.id !== scope.projectId) throw forbidden('identity:get_project');
        return { status: 200, body: { project: projectBody(this.#tenantOf(scope)) } };
      }),
      route('GET', credentials, ({ scope }) => ({
        status: 200,
        body: { application_credentials: this.#credentialsOf(scope).map(credentialBody) },
      })),
      route('POST', credentials, call => this.#createCredential(call)),
      route('GET', `${credentials}/:id`, call => ({
        status: 200,
        body: { application_credential: credentialBody(this.#credential(call)) },
      })),
      route('DELETE', `${credentials}/:id`, call => this.#deleteCredential(call)),
      route('GET', '/v3/users/:user/access_rules', ({ scope }) => ({
        status: 200,
        body: { access_rules: this.rulesOf(scope.userId) },
      })),
      route('DELETE', '/v3/users/:user/access_rules/:id', call => this.#deleteRule(call)),
    ];
  }

  renderFault(fault: ApiFault): Answer {
    const title = {
      400: 'Bad Request',
      401: 'Unauthorized',
      403: 'Forbidden',
      404: 'Not Found',
      409: 'Conflict',
    }[fault.status];
    return {
      status: fault.status,
      body: { error: { code: fault.status, message: fault.message, title: title ?? 'Error' } },
      ...(fault.status === 401 ? { headers: { 'WWW-Authenticate': 'Keystone uri="http://127.0.0.1"' } } : {}),
    };
  }

  /** On whose behalf a token speaks; `undefined` when it is no good for this request. */
  authorize(
    token: string | undefined,
    request: { readonly service: Service; readonly method: string; readonly path: string },
  ): Scope | undefined {
    const found = this.#valid(token);
    if (!found) return undefined;
    // A token without a project opens nothing but Keystone.
    if (!found.scoped && request.service.name !== 'identity') return undefined;
    const rules = found.credential?.accessRules ?? [];
    if (rules.length > 0 && request.service.name !== 'identity') {
      if (!rules.some(rule => allows(rule, request))) return undefined;
    }
    const { projectId, projectName, userId, userName } = found.tenant;
    return found.scoped
      ? { projectId, projectName, userId, userName }
      : { projectId: '', projectName: '', userId, userName };
  }

  /** Access rules of a user. */
  rulesOf(userId: string): readonly AccessRule[] {
    return this.#accessRules.filter(entry => entry.userId === userId).map(({ rule }) => rule);
  }

  /** Every token that was given out is worthless from now on. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  #valid(id: string | undefined): Token | undefined {
    const token = id === undefined ? undefined : this.#tokens.get(id);
    if (!token || token.expiresAt <= this.#clock.now()) return undefined;
    if (token.credential && !this.credentials.has(token.credential.id)) return undefined;
    return token;
  }

  #issue(call: Call): Answer {
    const auth = bodyPart(call, 'auth');
    const identity = auth && isFields(auth.identity) ? auth.identity : undefined;
    const methods = identity?.methods;
    if (!auth || !identity || !Array.isArray(methods))
      throw new ApiFault(400, "'identity' is a required property");
    const token = this.#authenticate(identity, String(methods[0]), auth.scope);
    this.#tokens.set(token.id, token);
    return {
      status: 201,
      body: { token: this.#tokenBody(token) },
      headers: { 'X-Subject-Token': token.id, Vary: 'X-Auth-Token' },
    };
  }

  #authenticate(identity: Fields, method: string, scope: unknown): Token {
    const now = this.#clock.now();
    const base = {
      id: `gAAAAAB${hexId()}${hexId()}`,
      issuedAt: now,
      expiresAt: now + this.#tokenLifetime,
      credential: undefined,
      scoped: scope !== undefined,
    };
    const how = isFields(identity[method]) ? identity[method] : {};
    switch (method) {
      case 'password': {
        const user = isFields(how.user) ? how.user : {};
        const tenant = this.#tenants.find(
          ({ userId, userName, password }) =>
            (user.id === userId || (user.name === userName && inDefaultDomain(user.domain))) &&
            user.password === password,
        );
        if (!tenant || !scopeFits(scope, tenant)) throw unauthorized();
        return { ...base, methods: ['password'], tenant };
      }
      case 'token': {
        const parent = this.#valid(text(how.id));
        if (!parent || !scopeFits(scope, parent.tenant)) throw unauthorized();
        return {
          ...base,
          methods: ['token', ...parent.methods],
          tenant: parent.tenant,
          expiresAt: parent.expiresAt,
        };
      }
      case 'application_credential': {
        const credential = this.#findCredential(how);
        if (!credential || credential.secret !== how.secret) throw unauthorized();
        if (credential.expiresAt !== undefined && credential.expiresAt <= now) throw unauthorized();
        if (scope !== undefined) throw unauthorized();
        return {
          ...base,
          methods: ['application_credential'],
          tenant: credential.tenant,
          credential,
          scoped: true,
        };
      }
      default:
        throw unauthorized();
    }
  }

  #findCredential(how: Fields): ApplicationCredential | undefined {
    const id = text(how.id);
    if (id !== undefined) return this.credentials.get(id);
    const user = isFields(how.user) ? how.user : {};
    return [...this.credentials.values()].find(
      ({ name, tenant }) => name === how.name && (user.id === tenant.userId || user.name === tenant.userName),
    );
  }

  #tokenBody(token: Token): Fields {
    const { tenant } = token;
    return {
      methods: token.methods,
      user: { domain, id: tenant.userId, name: tenant.userName, password_expires_at: null },
      audit_ids: [token.id.slice(7, 29)],
      expires_at: `${stamp(token.expiresAt).slice(0, -1)}.000000Z`,
      issued_at: `${stamp(token.issuedAt).slice(0, -1)}.000000Z`,
      ...(token.scoped
        ? {
            project: { domain, id: tenant.projectId, name: tenant.projectName },
            is_domain: false,
            roles: (token.credential?.roles ?? roles).map(roleBody),
            catalog: this.#catalogue(tenant.projectId),
          }
        : {}),
      ...(token.credential
        ? {
            application_credential: {
              id: token.credential.id,
              name: token.credential.name,
              restricted: true,
            },
          }
        : {}),
    };
  }

  #show(call: Call): Answer {
    const token = this.#subject(call);
    return { status: 200, body: { token: this.#tokenBody(token) }, headers: { 'X-Subject-Token': token.id } };
  }

  #revoke(call: Call): Answer {
    this.#tokens.delete(this.#subject(call).id);
    return { status: 204 };
  }

  #subject(call: Call): Token {
    const token = this.#valid(text(call.headers['x-subject-token']));
    if (!token) throw new ApiFault(404, 'Could not find token.');
    return token;
  }

  #tenantOf(scope: Scope): Tenant {
    const tenant = this.#tenants.find(({ projectId }) => projectId === scope.projectId);
    if (!tenant) throw unauthorized();
    return tenant;
  }

  #credentialsOf(scope: Scope): ApplicationCredential[] {
    return [...this.credentials.values()].filter(({ tenant }) => tenant.userId === scope.userId);
  }

  #createCredential(call: Call): Answer {
    const tenant = this.#tenantOf(call.scope);
    if (call.params.user !== tenant.userId) throw forbidden('identity:create_application_credential');
    const wanted = bodyPart(call, 'application_credential') ?? {};
    const name = text(wanted.name);
    if (name === undefined) throw new ApiFault(400, "'name' is a required property");
    if (this.#credentialsOf(call.scope).some(other => other.name === name)) {
      throw new ApiFault(
        409,
        `Conflict occurred attempting to store application_credential - Duplicate entry found with name ${name}.`,
      );
    }
    const wantedRoles = Array.isArray(wanted.roles)
      ? wanted.roles.map(role => (isFields(role) ? (text(role.name) ?? nameOfRole(role.id)) : ''))
      : roles;
    if (wantedRoles.some(role => !roles.includes(role))) {
      throw new ApiFault(
        400,
        'Invalid application credential: Cannot create an application credential with unassigned role',
      );
    }
    const expires = text(wanted.expires_at);
    const rules = Array.isArray(wanted.access_rules) ? wanted.access_rules.filter(isFields) : [];
    const credential: ApplicationCredential = {
      id: hexId(),
      name,
      secret: text(wanted.secret) ?? `${hexId()}${hexId()}`,
      tenant,
      roles: wantedRoles,
      expiresAt:
        expires === undefined ? undefined : Date.parse(expires.endsWith('Z') ? expires : `${expires}Z`),
      accessRules: rules.map(rule => this.#ruleLike(rule, tenant.userId)),
    };
    this.credentials.set(credential.id, credential);
    const body = { ...credentialBody(credential), secret: credential.secret };
    return { status: 201, body: { application_credential: body } };
  }

  /** The user's rule of that content: a new one, or the one that another credential has or had. */
  #ruleLike({ service, method, path }: Fields, userId: string): AccessRule {
    const wanted = { service: String(service), method: String(method), path: String(path) };
    const known = this.rulesOf(userId).find(
      rule => rule.service === wanted.service && rule.method === wanted.method && rule.path === wanted.path,
    );
    if (known) return known;
    const rule = { id: hexId(), ...wanted };
    this.#accessRules.push({ userId, rule });
    return rule;
  }

  #deleteRule({ params, scope }: Call): Answer {
    const index = this.#accessRules.findIndex(
      ({ userId, rule }) => userId === scope.userId && rule.id === params.id,
    );
    if (index === -1) throw new ApiFault(404, `Could not find Access Rule: ${params.id}.`);
    const isUsed = this.#credentialsOf(scope).some(({ accessRules }) =>
      accessRules.some(({ id }) => id === params.id),
    );
    if (isUsed) throw new ApiFault(403, 'May not delete access rule in use');
    this.#accessRules.splice(index, 1);
    return { status: 204 };
  }

  #credential({ params, scope }: Call): ApplicationCredential {
    const credential = this.credentials.get(params.id ?? '');
    if (credential?.tenant.userId !== scope.userId) {
      throw new ApiFault(404, `Could not find Application Credential: ${params.id}.`);
    }
    return credential;
  }

  #deleteCredential(call: Call): Answer {
    this.credentials.delete(this.#credential(call).id);
    return { status: 204 };
  }
}

const unauthorized = () => new ApiFault(401, 'The request you have made requires authentication.');

const forbidden = (rule: string) =>
  new ApiFault(403, `You are not authorized to perform the requested action: ${rule}.`);

const inDefaultDomain = (value: unknown): boolean =>
  isFields(value) && (value.id === domain.id || value.name === domain.name);

function scopeFits(scope: unknown, tenant: Tenant): boolean {
  if (scope === undefined) return true;
  const project = isFields(scope) && isFields(scope.project) ? scope.project : {};
  return (
    project.id === tenant.projectId ||
    (project.name === tenant.projectName && inDefaultDomain(project.domain))
  );
}

function version({ base }: Call): Fields {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${base}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

const roleBody = (name: string): Fields => ({ id: roleIds.get(name), name });

const nameOfRole = (id: unknown): string => [...roleIds].find(([, other]) => other === id)?.[0] ?? '';

const projectBody = (tenant: Tenant): Fields => ({
  id: tenant.projectId,
  name: tenant.projectName,
  domain_id: domain.id,
  description: '',
  enabled: true,
  parent_id: domain.id,
  is_domain: false,
  tags: [],
});

const credentialBody = (credential: ApplicationCredential): Fields => ({
  id: credential.id,
  name: credential.name,
  description: null,
  user_id: credential.tenant.userId,
  project_id: credential.tenant.projectId,
  system: null,
  expires_at:
    credential.expiresAt === undefined ? null : `${stamp(credential.expiresAt).slice(0, -1)}.000000`,
  unrestricted: null,
  roles: credential.roles.map(roleBody),
  access_rules: credential.accessRules,
});
