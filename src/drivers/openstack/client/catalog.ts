import type { ServiceType } from './call.ts';
import type { CloudConfig } from './cloud-config.ts';
import type { CatalogEntry } from './token.ts';

/** How a service is found and spoken to. */
interface ServiceFacts {
  /** Types under which catalogs have it, the official one first. @see https://service-types.openstack.org/ */
  readonly types: readonly string[];
  /** The one version of its API that is spoken here, as paths and version documents begin with it. */
  readonly major: string;
  /** Name in the OpenStack-API-Version header, where the service has microversions. */
  readonly microversionName: string | undefined;
  /** Whether the paths of its API begin with the project's ID. */
  readonly projectInPath: boolean;
}

/** How each service is found and spoken to. */
export const services: Readonly<Record<ServiceType, ServiceFacts>> = {
  identity: { types: ['identity'], major: 'v3', microversionName: undefined, projectInPath: false },
  compute: { types: ['compute'], major: 'v2.1', microversionName: 'compute', projectInPath: false },
  network: { types: ['network'], major: 'v2', microversionName: undefined, projectInPath: false },
  image: { types: ['image'], major: 'v2', microversionName: undefined, projectInPath: false },
  'block-storage': {
    types: ['block-storage', 'volumev3', 'block-store', 'volume'],
    major: 'v3',
    microversionName: 'volume',
    projectInPath: true,
  },
};

/** Where a catalog or a setting says that a service is. */
export function findEndpoint(
  service: ServiceType,
  catalog: readonly CatalogEntry[],
  config: CloudConfig,
): string | undefined {
  const override = config.endpointOverrides[service];
  if (override !== undefined) return override;
  for (const type of services[service].types) {
    for (const entry of catalog.filter(candidate => candidate.type === type)) {
      const endpoint = entry.endpoints.find(
        candidate =>
          candidate.interface === config.interface &&
          (config.region === undefined || [candidate.region, candidate.region_id].includes(config.region)),
      );
      if (endpoint) return endpoint.url;
    }
  }
  return undefined;
}

/** Why {@link findEndpoint} found nothing: `the catalog of cloud … has no block-storage service in region …`. */
export function missingEndpoint(
  service: ServiceType,
  catalog: readonly CatalogEntry[],
  config: CloudConfig,
): string {
  const { types } = services[service];
  const found = catalog.filter(entry => types.includes(entry.type)).flatMap(entry => entry.endpoints);
  const begin = `the catalog of cloud ${config.name} has no ${service} service`;
  if (found.length === 0) return begin;
  const region = config.region === undefined ? '' : ` in region ${config.region}`;
  const there = found.map(
    endpoint => `${endpoint.interface} in ${endpoint.region ?? endpoint.region_id ?? 'no region'}`,
  );
  return `${begin} with a ${config.interface} endpoint${region}; it has: ${[...new Set(there)].join(', ')}`;
}

/** A service's API of one version. */
export interface Endpoint {
  /** Of the version, without a slash at its end: `http://cloud:8774/v2.1`. */
  readonly root: string;
  /** What paths are appended to: the root, with the project's ID where the API wants it. */
  readonly base: string;
}

/**
 * The endpoint that a URL of the catalog stands for.
 * @returns `undefined` where the URL names no version, or another than the one spoken here: it must be discovered
 */
export function endpointIn(service: ServiceType, url: string): Endpoint | undefined {
  const { major } = services[service];
  const match = /^(.*\/(v\d+(?:\.\d+)?))(\/[^/]+)?\/*$/.exec(url);
  const [, root, version, project = ''] = match ?? [];
  if (root !== undefined && version !== undefined && isVersion(version, major)) {
    return { root, base: `${root}${project}` };
  }
  if (service !== 'identity') return undefined;
  const only = identityRoot(url);
  return { root: only, base: only };
}

/** Keystone's version 3, wherever its URL points to: there has been no other since 2018. */
export function identityRoot(url: string): string {
  return `${versionsUrl(url)}v3`;
}

/** Where a service's versions are listed: the URL without a version and what follows it, with a slash at its end. */
export function versionsUrl(url: string): string {
  return `${url.replace(/\/v\d+(\.\d+)?(\/[^/]+)?\/*$/, '').replace(/\/+$/, '')}/`;
}

/** Whether the version `id` (`v2.0`, `v2.16`) is one of `major` (`v2`, `v2.1`). */
export function isVersion(id: string, major: string): boolean {
  return id === major || (!major.includes('.') && id.startsWith(`${major}.`));
}
