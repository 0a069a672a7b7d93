import type { Api, Json, Service } from './api.ts';

/** Everything that a project has, to tell what a lab has left behind. */

interface Collection {
  readonly kind: string;
  readonly service: Service;
  readonly path: (api: Api) => string;
  readonly key: string;
}

const collections: readonly Collection[] = [
  { kind: 'server', service: 'compute', path: () => '/servers/detail', key: 'servers' },
  { kind: 'keypair', service: 'compute', path: () => '/os-keypairs', key: 'keypairs' },
  { kind: 'server group', service: 'compute', path: () => '/os-server-groups', key: 'server_groups' },
  { kind: 'volume', service: 'volume', path: () => '/volumes/detail', key: 'volumes' },
  { kind: 'snapshot', service: 'volume', path: () => '/snapshots/detail', key: 'snapshots' },
  { kind: 'image', service: 'image', path: api => `/images?owner=${api.project}`, key: 'images' },
  ...(
    [
      ['network', 'networks'],
      ['subnet', 'subnets'],
      ['port', 'ports'],
      ['router', 'routers'],
      ['floating IP', 'floatingips'],
      ['trunk', 'trunks'],
      ['security group', 'security-groups'],
      ['security group rule', 'security-group-rules'],
    ] as const
  ).map(([kind, path]) => ({
    kind,
    service: 'network' as const,
    path: (api: Api) => `/${path}?project_id=${api.project}`,
    key: path.replaceAll('-', '_'),
  })),
  {
    kind: 'application credential',
    service: 'identity',
    path: api => `/users/${api.user}/application_credentials`,
    key: 'application_credentials',
  },
  {
    kind: 'access rule',
    service: 'identity',
    path: api => `/users/${api.user}/access_rules`,
    key: 'access_rules',
  },
];

/** What changes although nobody changed the thing itself; a rescue counts as a launch. */
const volatile = new Set(['updated', 'updated_at', 'revision_number', 'OS-SRV-USG:launched_at']);

/** What a project has: each thing's content by its kind and ID. */
export type ProjectContent = ReadonlyMap<string, Json>;

/** Reads every list of resources that a project's member sees and the project owns. */
export async function contentOf(api: Api): Promise<ProjectContent> {
  const lists = await Promise.all(
    collections.map(async ({ kind, service, path, key }) => {
      const items = await api.list(service, path(api), key);
      return items.map(item => [`${kind} ${nameOf(item)}`, essence(item)] as const);
    }),
  );
  return new Map(lists.flat());
}

/** What is new, gone or different, one sentence each. */
export function differences(before: ProjectContent, after: ProjectContent): readonly string[] {
  const gone = [...before.keys()].filter(name => !after.has(name));
  const found = [...after].flatMap(([name, content]) => {
    const was = before.get(name);
    if (was === undefined) return [`${name} is new`];
    const keys = [...new Set([...Object.keys(was), ...Object.keys(content)])];
    const different = keys.filter(key => JSON.stringify(was[key]) !== JSON.stringify(content[key]));
    return different.length === 0 ? [] : [`${name} is different: ${different.join(', ')}`];
  });
  return [...gone.map(name => `${name} is gone`), ...found].sort();
}

function nameOf(item: Json): string {
  // Keypairs have no ID, and their content is one level deeper.
  const { id, name } = (item.keypair as Json | undefined) ?? item;
  return [name, id].filter(part => typeof part === 'string' && part !== '').join(' ');
}

function essence(item: Json): Json {
  return Object.fromEntries(Object.entries(item).filter(([key]) => !volatile.has(key)));
}
