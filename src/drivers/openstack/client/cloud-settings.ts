import { resolve } from 'node:path';
import type { ServiceType } from './call.ts';
import { services } from './catalog.ts';
import type { CloudAuth, CloudConfig, InDomain, NameOrId } from './cloud-config.ts';
import { configError } from './config-error.ts';
import { isMapping, type Mapping, merged } from './mapping.ts';

/** Values of `auth_type`, and what they stand for. */
const authTypes: Readonly<Record<string, CloudAuth['type'] | undefined>> = {
  password: 'password',
  v3password: 'password',
  v3applicationcredential: 'application-credential',
  token: 'token',
  v3token: 'token',
};

/** Keystone calls the domain of a cloud that knows no others so. */
const defaultDomain: NameOrId = { id: 'default' };

/** Which cloud's settings are read, and where they come from. */
export interface CloudOrigin {
  readonly name: string;
  /** The file, for messages. */
  readonly source: string;
  /** Chosen by the caller. */
  readonly region: string | undefined;
  /** What `~` stands for in paths, and what relative ones are relative to. */
  readonly home: string;
  readonly cwd: string;
}

/**
 * What the settings of one cloud, merged from wherever they came, say.
 * @throws QuintupleoError of family `config`
 */
export function readCloudSettings(origin: CloudOrigin, cloud: Mapping): CloudConfig {
  const settings = new Settings(origin, inRegion(origin, normalized(cloud)));
  const auth = authOf(settings);
  return {
    name: origin.name,
    source: origin.source,
    authUrl: settings.url('auth_url') ?? settings.required('auth_url'),
    auth,
    project: projectOf(settings, auth),
    region: settings.text('region_name'),
    interface: interfaceOf(settings),
    endpointOverrides: overridesOf(settings),
    verify: !settings.isFalse('verify') && !settings.isTrue('insecure'),
    caFile: settings.path('cacert'),
    certFile: settings.path('cert'),
    keyFile: settings.path('key'),
  };
}

/** The same with underscores: both spellings of keys are allowed. */
function normalized(settings: Mapping): Mapping {
  const entries = Object.entries(settings).map(([key, value]) => [
    key.replaceAll('-', '_'),
    isMapping(value) ? normalized(value) : value,
  ]);
  return Object.fromEntries(entries);
}

/** The settings with those of the chosen region laid over them; the first of `regions` is the default. */
function inRegion(origin: CloudOrigin, cloud: Mapping): Mapping {
  const chosen = origin.region ?? cloud.region_name;
  const regions = cloud.regions;
  if (!Array.isArray(regions) || regions.length === 0) {
    return chosen === undefined ? cloud : { ...cloud, region_name: chosen };
  }
  const known = regions.map(entry =>
    isMapping(entry)
      ? { name: entry.name, values: isMapping(entry.values) ? normalized(entry.values) : {} }
      : { name: entry, values: {} },
  );
  const found = chosen === undefined ? known[0] : known.find(entry => entry.name === chosen);
  if (found === undefined) {
    const names = known.map(entry => entry.name).join(', ');
    throw configError(
      'CLOUD_SETTING_INVALID',
      `${origin.source}: cloud ${origin.name}: region_name`,
      `the region ${String(chosen)} is not one of its regions: ${names}`,
      'Choose one of them.',
    );
  }
  return { ...merged(cloud, found.values), region_name: found.name };
}

function authOf(settings: Settings): CloudAuth {
  const type = settings.text('auth_type', 'auth_plugin') ?? impliedAuthType(settings);
  const kind = authTypes[type];
  switch (kind) {
    case 'password':
      return { type: 'password', user: userOf(settings), password: settings.required('password') };
    case 'application-credential': {
      const id = settings.text('application_credential_id');
      const secret = settings.required('application_credential_secret');
      if (id !== undefined) return { type: 'application-credential', credential: { id }, secret };
      const name = settings.required('application_credential_name');
      return { type: 'application-credential', credential: { name, user: userOf(settings) }, secret };
    }
    case 'token':
      return { type: 'token', token: settings.required('token', 'auth_token') };
    default:
      throw configError(
        'CLOUD_AUTH_UNSUPPORTED',
        settings.at('auth_type'),
        `cannot authenticate by ${JSON.stringify(type)}; supported are ${Object.keys(authTypes).join(', ')}`,
        'Make an application credential (openstack application credential create) and use v3applicationcredential.',
      );
  }
}

/** OpenStack's own clients say "password" and then miss the password; the secret that is there tells more. */
function impliedAuthType(settings: Settings): string {
  if (settings.text('application_credential_secret') !== undefined) return 'v3applicationcredential';
  const onlyToken =
    settings.text('token', 'auth_token') !== undefined && settings.text('password') === undefined;
  return onlyToken ? 'token' : 'password';
}

function userOf(settings: Settings): InDomain {
  const id = settings.text('user_id');
  if (id !== undefined) return { id };
  return { name: settings.required('username', 'user_name'), domain: domainOf(settings, 'user_domain') };
}

function projectOf(settings: Settings, auth: CloudAuth): InDomain | undefined {
  for (const key of ['system_scope', 'trust_id']) {
    if (settings.text(key) === undefined) continue;
    throw configError(
      'CLOUD_AUTH_UNSUPPORTED',
      settings.at(key),
      'only the scope of a project is supported',
      'Take it away, and name a project by project_name or project_id.',
    );
  }
  if (auth.type === 'application-credential') return undefined;
  const id = settings.text('project_id', 'tenant_id');
  if (id !== undefined) return { id };
  const name = settings.text('project_name', 'tenant_name', 'project');
  if (name !== undefined) return { name, domain: domainOf(settings, 'project_domain') };
  if (auth.type === 'token') return undefined;
  throw settings.missing(
    'project_name',
    'Name the project by project_name or project_id: labs are made in one.',
  );
}

function domainOf(settings: Settings, whose: 'user_domain' | 'project_domain'): NameOrId {
  for (const key of [whose, 'domain', 'default_domain']) {
    const id = settings.text(`${key}_id`);
    if (id !== undefined) return { id };
    const name = settings.text(`${key}_name`);
    if (name !== undefined) return { name };
  }
  return defaultDomain;
}

function interfaceOf(settings: Settings): CloudConfig['interface'] {
  // Once it was called "endpoint type", and its values had a suffix.
  const value = settings.text('interface', 'endpoint_type') ?? 'public';
  const short = value.replace(/URL$/, '');
  if (short === 'public' || short === 'internal' || short === 'admin') return short;
  throw settings.invalid('interface', `${JSON.stringify(value)} is none`, 'Write public, internal or admin.');
}

function overridesOf(settings: Settings): CloudConfig['endpointOverrides'] {
  const overrides: Partial<Record<ServiceType, string>> = {};
  for (const service of ['identity', 'compute', 'network', 'image', 'block-storage'] as const) {
    const keys = services[service].types.map(type => `${type.replaceAll('-', '_')}_endpoint_override`);
    const url = settings.url(...keys);
    if (url !== undefined) overrides[service] = url;
  }
  return overrides;
}

/** Settings of one cloud by key. What belongs under `auth` is found beside it as well, as variables have it. */
class Settings {
  readonly #origin: CloudOrigin;
  readonly #cloud: Mapping;
  readonly #auth: Mapping;

  constructor(origin: CloudOrigin, cloud: Mapping) {
    this.#origin = origin;
    this.#cloud = cloud;
    this.#auth = isMapping(cloud.auth) ? cloud.auth : {};
  }

  /** The first of some keys that has a value. */
  text(...keys: string[]): string | undefined {
    for (const key of keys) {
      const value = this.#value(key);
      if (value === undefined || value === null || value === '') continue;
      // YAML reads a password of digits as a number.
      if (typeof value === 'string' || typeof value === 'number') return String(value);
      throw this.invalid(key, 'is no text', 'Write it in quotes.');
    }
    return undefined;
  }

  required(...keys: [string, ...string[]]): string {
    const value = this.text(...keys);
    if (value === undefined) throw this.missing(keys[0], `Set ${keys[0]}.`);
    return value;
  }

  /** The path of a file, made absolute. */
  path(key: string): string | undefined {
    const path = this.text(key);
    return path && resolve(this.#origin.cwd, path.replace(/^~(?=\/)/, this.#origin.home));
  }

  /** A URL without a slash at its end; `{region_name}` in it is filled in. */
  url(...keys: string[]): string | undefined {
    const url = this.text(...keys)?.replaceAll('{region_name}', this.text('region_name') ?? '');
    if (url === undefined) return undefined;
    if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) return url.replace(/\/+$/, '');
    throw this.invalid(
      keys[0] ?? 'url',
      'is no http or https URL',
      'Write it as https://cloud.example:5000/v3.',
    );
  }

  isFalse(key: string): boolean {
    return ['false', 'no', 'off', '0'].includes(String(this.#value(key) ?? '').toLowerCase());
  }

  isTrue(key: string): boolean {
    return ['true', 'yes', 'on', '1'].includes(String(this.#value(key) ?? '').toLowerCase());
  }

  at(key: string): string {
    return `${this.#origin.source}: cloud ${this.#origin.name}: ${key}`;
  }

  missing(key: string, remedy: string) {
    return configError('CLOUD_SETTING_MISSING', this.at(key), 'is not set', remedy);
  }

  invalid(key: string, what: string, remedy: string) {
    return configError('CLOUD_SETTING_INVALID', this.at(key), what, remedy);
  }

  #value(key: string): unknown {
    return this.#auth[key] ?? this.#cloud[key];
  }
}
