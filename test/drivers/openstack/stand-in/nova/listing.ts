import { type Answer, ApiFault, type Call } from '../service.ts';
import type { Compute } from './compute.ts';
import { minorVersion } from './microversion.ts';
import { type Server, serverLinks, statusOf } from './server.ts';

const statuses = [
  'ACTIVE',
  'BUILD',
  'DELETED',
  'ERROR',
  'HARD_REBOOT',
  'REBOOT',
  'REBUILD',
  'RESCUE',
  'SHUTOFF',
];
const parameters = [
  'limit',
  'marker',
  'sort_key',
  'sort_dir',
  'changes-since',
  'changes-before',
  'status',
  'name',
  'image',
  'flavor',
  'deleted',
  'metadata',
  'tags',
  'tags-any',
  'not-tags',
  'not-tags-any',
  'vm_state',
  'power_state',
  'task_state',
  'ip',
  'ip6',
  'uuid',
  'key_name',
  'locked',
  'availability_zone',
  'host',
  'all_tenants',
  'reservation_id',
];
const mostAtOnce = 1000;

/** `GET /servers` and `GET /servers/detail`. */
export function listServers(call: Call, compute: Compute, detailed: boolean): Answer {
  const { query, scope } = call;
  const unknown = [...query.keys()].find(key => !parameters.includes(key));
  if (unknown !== undefined && minorVersion(call.headers) >= 75) {
    throw new ApiFault(400, `'${unknown}' does not match any of the regexes: '^_'`);
  }
  if (query.has('all_tenants') && query.get('all_tenants') !== '0') {
    const what = detailed ? 'detail' : 'index';
    throw new ApiFault(
      403,
      `Policy doesn't allow os_compute_api:servers:${what}:get_all_tenants to be performed.`,
    );
  }
  const limit = query.get('limit');
  if (limit !== null && !/^\d*$/.test(limit)) {
    throw new ApiFault(
      400,
      `Invalid input for query parameters limit. Value: ${limit}. '${limit}' does not match '^[0-9]*$'`,
    );
  }
  const status = query.get('status')?.toUpperCase();
  if (status === 'DELETED') throw new ApiFault(403, 'Only administrators may list deleted instances');
  if (status !== undefined && !statuses.includes(status)) throw new ApiFault(400, 'Invalid status value');
  const changes = changesSince(query);
  const found = [...compute.servers.values()]
    .filter(server => server.projectId === scope.projectId)
    .filter(server =>
      changes === undefined ? server.vmState !== 'deleted' : second(server.updatedAt) >= changes,
    )
    .filter(server => status === undefined || statusOf(server) === status)
    .filter(server => matches(server, query, minorVersion(call.headers)))
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  const marker = query.get('marker');
  const at = found.findIndex(({ id }) => id === marker);
  if (marker !== null && at < 0) throw new ApiFault(400, `marker [${marker}] not found`);
  const count = Math.min(limit === null || limit === '' ? mostAtOnce : Number(limit), mostAtOnce);
  const page = found.slice(at + 1, at + 1 + count);
  const servers = page.map(server =>
    detailed
      ? compute.view(server, call, false)
      : { id: server.id, name: server.name, links: serverLinks(server, call.base) },
  );
  const last = page.at(-1);
  if (!last || page.length < count) return { status: 200, body: { servers } };
  const next = new URLSearchParams(query);
  next.set('marker', last.id);
  return { status: 200, body: { servers, servers_links: [{ rel: 'next', href: `${call.url}?${next}` }] } };
}

/** Times of servers are kept to the second. */
const second = (ms: number): number => Math.floor(ms / 1000);

function changesSince(query: URLSearchParams): number | undefined {
  const value = query.get('changes-since');
  if (value === null) return undefined;
  const time = Date.parse(/[Z+]|-\d\d:\d\d$/.test(value) ? value : `${value}Z`);
  if (Number.isNaN(time)) {
    throw new ApiFault(
      400,
      `Invalid input for query parameters changes-since. Value: ${value}. '${value}' is not a 'date-time'`,
    );
  }
  return second(time);
}

function matches(server: Server, query: URLSearchParams, minor: number): boolean {
  const name = query.get('name');
  if (name !== null && !new RegExp(name).test(server.name)) return false;
  const vmState = query.get('vm_state');
  if (vmState !== null && vmState !== server.vmState) return false;
  const image = query.get('image');
  if (image !== null && image !== server.imageId) return false;
  if (minor < 26) return true;
  const wanted = (key: string) => query.get(key)?.split(',') ?? [];
  const has = (tag: string) => server.tags.includes(tag);
  return (
    wanted('tags').every(has) &&
    (!query.has('tags-any') || wanted('tags-any').some(has)) &&
    (!query.has('not-tags') || !wanted('not-tags').every(has)) &&
    !wanted('not-tags-any').some(has)
  );
}
