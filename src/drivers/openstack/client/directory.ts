import { z } from 'zod';
import { abortable } from './abortable.ts';
import type { ApiAnswer } from './answer.ts';
import { OpenStackError } from './api-error.ts';
import type { ServiceType } from './call.ts';
import {
  type Endpoint,
  endpointIn,
  findEndpoint,
  isVersion,
  missingEndpoint,
  services,
  versionsUrl,
} from './catalog.ts';
import type { CloudConfig } from './cloud-config.ts';
import type { MicroversionRange } from './microversion.ts';
import type { Token } from './token.ts';

const versionSchema = z.looseObject({
  id: z.string(),
  status: z.string().optional(),
  version: z.string().optional(),
  min_version: z.string().optional(),
});

const versionsSchema = z.union([
  z.looseObject({ versions: z.array(versionSchema) }).transform(body => body.versions),
  z.looseObject({ version: versionSchema }).transform(body => [body.version]),
]);

/** Gets a version document; what it says is shared by all callers, so no single one of them may end it. */
export type GetVersions = (service: ServiceType, url: string) => Promise<ApiAnswer>;

/** Knows where a cloud's services are and what versions they speak; each is asked once. */
export class ServiceDirectory {
  readonly #config: CloudConfig;
  readonly #getVersions: GetVersions;
  readonly #endpoints = new Map<string, Promise<Endpoint>>();
  readonly #microversions = new Map<string, Promise<MicroversionRange | undefined>>();

  constructor(config: CloudConfig, getVersions: GetVersions) {
    this.#config = config;
    this.#getVersions = getVersions;
  }

  /**
   * Where a service's API is.
   * @throws OpenStackError `not-supported` when the cloud lacks it
   */
  async endpoint(service: ServiceType, token: Token, signal: AbortSignal | undefined): Promise<Endpoint> {
    const { catalog } = token;
    const url =
      findEndpoint(service, catalog, this.#config) ??
      // Who has a token has found Keystone, catalogued or not.
      (service === 'identity' ? this.#config.authUrl : undefined);
    if (url === undefined) {
      throw this.#lacks(service, this.#config.authUrl, missingEndpoint(service, catalog, this.#config));
    }
    const known = endpointIn(service, url);
    if (known) return known;
    const discovery = once(this.#endpoints, `${service} ${url}`, () => this.#discover(service, url, token));
    return abortable(discovery, signal);
  }

  /** The microversions that a service speaks; `undefined` for one that has none. */
  async microversions(
    service: ServiceType,
    token: Token,
    signal: AbortSignal | undefined,
  ): Promise<MicroversionRange | undefined> {
    const { microversionName, major } = services[service];
    if (microversionName === undefined) return undefined;
    const { root } = await this.endpoint(service, token, signal);
    const discovery = once(this.#microversions, root, async () => {
      const versions = (await this.#getVersions(service, `${root}/`)).read(versionsSchema);
      const spoken = versions.find(version => isVersion(version.id, major));
      if (!spoken?.version || !spoken.min_version) return undefined;
      return { min: spoken.min_version, max: spoken.version };
    });
    return abortable(discovery, signal);
  }

  async #discover(service: ServiceType, url: string, token: Token): Promise<Endpoint> {
    const { major, projectInPath } = services[service];
    const list = versionsUrl(url);
    const versions = (await this.#getVersions(service, list)).read(versionsSchema);
    const spoken = versions.find(version => isVersion(version.id, major));
    if (spoken === undefined) {
      const offered = versions.map(version => version.id).join(', ') || 'none';
      const message = `cloud ${this.#config.name} has no ${service} API ${major}; it offers: ${offered}`;
      throw this.#lacks(service, list, message);
    }
    // The links of version documents often name hosts that only the cloud itself can reach, so they are not followed.
    // Of all services only Neutron has the minor version in its paths as a matter of course.
    const root = `${list}${service === 'network' ? spoken.id : major}`;
    return { root, base: projectInPath ? `${root}/${token.projectId}` : root };
  }

  #lacks(service: ServiceType, url: string, message: string): OpenStackError {
    return new OpenStackError(message, { code: 'not-supported', service, method: 'GET', url });
  }
}

/** The value under a key, made once; a failure is not remembered. */
function once<T>(values: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = values.get(key);
  if (known) return known;
  const made = make();
  values.set(key, made);
  made.catch(() => values.delete(key));
  return made;
}
