import type { Clock } from '../../../../../src/support/clock.ts';
import {
  type Answer,
  ApiFault,
  bodyPart,
  type Call,
  type Fields,
  isFields,
  type Route,
  route,
  type Service,
  texts,
} from '../service.ts';
import { badRequest, type Item, type Kind } from './kind.ts';
import { networkKind, subnetKind } from './networks.ts';
import { portKind } from './ports.ts';
import { addInterface, floatingIpKind, removeInterface, routerKind } from './routers.ts';
import { addDefaultGroup, securityGroupKind, securityGroupRuleKind } from './security-groups.ts';
import { NetworkStore } from './store.ts';
import { addSubPorts, removeSubPorts, trunkKind } from './trunks.ts';

const kinds = [
  networkKind,
  subnetKind,
  portKind,
  routerKind,
  floatingIpKind,
  securityGroupKind,
  securityGroupRuleKind,
  trunkKind,
];

const extensions = [
  'allowed-address-pairs',
  'binding',
  'extra_dhcp_opt',
  'external-net',
  'floating-ip-port-forwarding',
  'net-mtu',
  'net-mtu-writable',
  'pagination',
  'port-mac-address-regenerate',
  'port-security',
  'project-id',
  'provider',
  'quotas',
  'quota_details',
  'router',
  'security-group',
  'sorting',
  'standard-attr-tag',
  'standard-attr-timestamp',
  'trunk',
  'vlan-transparent',
];

const controls = ['limit', 'marker', 'page_reverse', 'fields', 'sort_key', 'sort_dir'];
const tagFilters = ['tags', 'tags-any', 'not-tags', 'not-tags-any'];

/** Neutron: what a tenant may have of networks, and the rules between them. */
export class Neutron implements Service {
  readonly name = 'network';
  readonly prefix = '/networking';
  readonly routes: readonly Route[];
  readonly store: NetworkStore;
  /** Aliases of what this cloud's Neutron can do; taking one away takes the API away too. */
  readonly extensions = new Set(extensions);

  constructor(options: {
    readonly clock: Clock;
    readonly quotas: Record<string, number>;
    readonly maxMtu: number;
  }) {
    this.store = new NetworkStore(kinds, options.quotas, options.maxMtu, () => options.clock.now());
    this.routes = [
      ...['', '/'].map(path =>
        route(
          'GET',
          path,
          ({ base }) => ({
            status: 200,
            body: {
              versions: [{ id: 'v2.0', status: 'CURRENT', links: [{ rel: 'self', href: `${base}/v2.0/` }] }],
            },
          }),
          { open: true },
        ),
      ),
      route('GET', '/v2.0/extensions', () => ({
        status: 200,
        body: {
          extensions: [...this.extensions].map(alias => ({ alias, name: alias, description: '', links: [] })),
        },
      })),
      route('GET', '/v2.0/quotas/:project', call => ({
        status: 200,
        body: { quota: this.#quotas(call, false) },
      })),
      ...['details', 'details.json'].map(path =>
        route('GET', `/v2.0/quotas/:project/${path}`, call => ({
          status: 200,
          body: { quota: this.#quotas(call, true) },
        })),
      ),
      route('PUT', '/v2.0/routers/:id/add_router_interface', call => ({
        status: 200,
        body: addInterface(this.store, this.#own('routers', call), fields(call), call.scope.projectId),
      })),
      route('PUT', '/v2.0/routers/:id/remove_router_interface', call => ({
        status: 200,
        body: removeInterface(this.store, this.#own('routers', call), fields(call)),
      })),
      route('PUT', '/v2.0/trunks/:id/add_subports', call => ({
        status: 200,
        body: addSubPorts(this.store, this.#own('trunks', call), fields(call), call.scope.projectId),
      })),
      route('PUT', '/v2.0/trunks/:id/remove_subports', call => ({
        status: 200,
        body: removeSubPorts(this.store, this.#own('trunks', call), fields(call)),
      })),
      ...kinds.flatMap(kind => this.#crud(kind)),
      ...kinds.filter(kind => !kind.untagged).flatMap(kind => this.#tagging(kind)),
    ];
  }

  /** Gives a new project what every project has. */
  addProject(projectId: string): void {
    addDefaultGroup(this.store, projectId);
  }

  renderFault(fault: ApiFault): Answer {
    if (fault.status === 401) {
      return { status: 401, body: { error: { code: 401, title: 'Unauthorized', message: fault.message } } };
    }
    return {
      status: fault.status,
      body: { NeutronError: { type: fault.type, message: fault.message, detail: '' } },
    };
  }

  #crud(kind: Kind): readonly Route[] {
    const { plural, singular } = kind;
    const path = `/v2.0/${plural}`;
    const available = (handle: (call: Call) => Answer) => (call: Call) => {
      const extension = { routers: 'router', floatingips: 'router', trunks: 'trunk' }[plural];
      if (extension !== undefined && !this.extensions.has(extension)) {
        throw new ApiFault(404, 'The resource could not be found.', 'HTTPNotFound');
      }
      return handle(call);
    };
    return [
      route(
        'GET',
        path,
        available(call => this.#list(kind, call)),
      ),
      route(
        'POST',
        path,
        available(call => {
          const body = bodyPart(call, singular);
          if (!body) throw badRequest(`Unable to find '${singular}' in request body`);
          this.#checkExtensions(body);
          const item = this.store.create(plural, body, call.scope.projectId);
          return { status: 201, body: { [singular]: this.#view(kind, item) } };
        }),
      ),
      route(
        'GET',
        `${path}/:id`,
        available(call => ({
          status: 200,
          body: {
            [singular]: this.#view(kind, this.store.get(plural, call.params.id, call.scope.projectId)),
          },
        })),
      ),
      route(
        'PUT',
        `${path}/:id`,
        available(call => {
          const body = bodyPart(call, singular);
          if (!body) throw badRequest(`Unable to find '${singular}' in request body`);
          this.#checkExtensions(body);
          const item = this.store.update(plural, this.#own(plural, call), body, call.scope.projectId);
          return { status: 200, body: { [singular]: this.#view(kind, item) } };
        }),
      ),
      route(
        'DELETE',
        `${path}/:id`,
        available(call => {
          this.store.remove(plural, this.#own(plural, call), call.scope.projectId);
          return { status: 204 };
        }),
      ),
    ];
  }

  #tagging({ plural }: Kind): readonly Route[] {
    const path = `/v2.0/${plural}/:id/tags`;
    const item = (call: Call): Item => {
      const found = this.store.find(plural, call.params.id);
      if (found && found.project_id === call.scope.projectId) return found;
      throw new ApiFault(
        404,
        `Resource ${plural.replace('-', '_')} ${call.params.id} could not be found.`,
        'TagResourceNotFound',
      );
    };
    const set = (call: Call, tags: readonly string[]) => {
      const long = tags.find(tag => tag.length > 255);
      if (long !== undefined) {
        throw new ApiFault(
          400,
          `Invalid input for operation: '${long}' exceeds maximum length of 255.`,
          'InvalidInput',
        );
      }
      const found = item(call);
      found.tags = [...new Set(tags)].sort();
      this.store.set(found, {});
      return found.tags;
    };
    const existing = (call: Call): string => {
      const tag = call.params.tag ?? '';
      if (!item(call).tags.includes(tag))
        throw new ApiFault(404, `Tag ${tag} could not be found.`, 'TagNotFound');
      return tag;
    };
    return [
      route('GET', path, call => ({ status: 200, body: { tags: item(call).tags } })),
      route('PUT', path, call => ({ status: 200, body: { tags: set(call, texts(fields(call).tags)) } })),
      route('DELETE', path, call => {
        set(call, []);
        return { status: 204 };
      }),
      route('GET', `${path}/:tag`, call => {
        existing(call);
        return { status: 204 };
      }),
      route('PUT', `${path}/:tag`, call => {
        set(call, [...item(call).tags, call.params.tag ?? '']);
        return { status: 201, body: null };
      }),
      route('DELETE', `${path}/:tag`, call => {
        const gone = existing(call);
        set(
          call,
          item(call).tags.filter(tag => tag !== gone),
        );
        return { status: 204 };
      }),
    ];
  }

  #list(kind: Kind, call: Call): Answer {
    const { query } = call;
    const known = this.store.filters(kind);
    const unknown = [...new Set(query.keys())].filter(
      key => !controls.includes(key) && !tagFilters.includes(key) && !known.includes(key),
    );
    if (unknown.length > 0) {
      throw badRequest(`[${unknown.map(key => `'${key}'`).join(', ')}] is invalid attribute for filtering`);
    }
    const found = this.store
      .visible(kind.plural, call.scope.projectId)
      .filter(item => matchesTags(item, query))
      .filter(item =>
        known.every(key => key === 'tags' || !query.has(key) || matchesValue(item[key], query.getAll(key))),
      );
    const limit = Number(query.get('limit') ?? Number.POSITIVE_INFINITY);
    const marker = query.get('marker');
    const from = marker === null ? 0 : found.findIndex(({ id }) => id === marker) + 1;
    const page = found.slice(from, from + limit);
    const wanted = query.getAll('fields');
    const shown = page
      .map(item => this.#view(kind, item))
      .map(item =>
        wanted.length === 0
          ? item
          : Object.fromEntries(Object.entries(item).filter(([key]) => wanted.includes(key))),
      );
    const name = kind.plural.replaceAll('-', '_');
    const last = page.at(-1);
    if (!last || page.length < limit) return { status: 200, body: { [name]: shown } };
    const next = new URLSearchParams(query);
    next.set('marker', last.id);
    return {
      status: 200,
      body: { [name]: shown, [`${name}_links`]: [{ rel: 'next', href: `${call.url}?${next}` }] },
    };
  }

  /** A thing that is the project's own to change. */
  #own(plural: string, { params, scope }: Call): Item {
    const item = this.store.get(plural, params.id, scope.projectId);
    if (item.project_id === scope.projectId) return item;
    const { label } = this.store.kind(plural);
    throw new ApiFault(404, `${label} ${params.id} could not be found.`, `${label}NotFound`);
  }

  #view(kind: Kind, item: Item): Fields {
    if (kind.plural !== 'security-groups') return item;
    const rules = this.store.all('security-group-rules').filter(rule => rule.security_group_id === item.id);
    return { ...item, security_group_rules: rules };
  }

  #checkExtensions(body: Fields): void {
    const needs: Record<string, string> = {
      port_security_enabled: 'port-security',
      vlan_transparent: 'vlan-transparent',
      mtu: 'net-mtu-writable',
    };
    for (const [attribute, extension] of Object.entries(needs)) {
      if (attribute in body && !this.extensions.has(extension)) {
        throw badRequest(`Unrecognized attribute(s) '${attribute}'`);
      }
    }
  }

  #quotas({ scope }: Call, details: boolean): Fields {
    return Object.fromEntries(
      kinds.flatMap(kind => {
        if (kind.quota === undefined) return [];
        const limit = this.store.quotas[kind.quota] ?? -1;
        const used = this.store.used(kind, scope.projectId);
        return [[kind.quota, details ? { limit, used, reserved: 0 } : limit]];
      }),
    );
  }
}

const fields = (call: Call): Fields => (isFields(call.body) ? call.body : {});

function matchesTags(item: Item, query: URLSearchParams): boolean {
  const wanted = (name: string) => query.getAll(name).flatMap(value => value.split(','));
  const has = (tag: string) => item.tags.includes(tag);
  return (
    (!query.has('tags') || wanted('tags').every(has)) &&
    (!query.has('tags-any') || wanted('tags-any').some(has)) &&
    (!query.has('not-tags') || !wanted('not-tags').every(has)) &&
    (!query.has('not-tags-any') || !wanted('not-tags-any').some(has))
  );
}

function matchesValue(value: unknown, wanted: readonly string[]): boolean {
  if (!Array.isArray(value)) return wanted.some(entry => entry.toLowerCase() === String(value).toLowerCase());
  // Such as `fixed_ips=ip_address=192.0.2.1`.
  return wanted.some(entry => {
    const [key = '', expected] = entry.split('=');
    return value.some(part => (isFields(part) ? String(part[key]) === expected : part === entry));
  });
}
