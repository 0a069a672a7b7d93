import { randomUUID } from 'node:crypto';
import { ApiFault, type Fields, stamp } from '../service.ts';
import { type Around, badRequest, disallowed, type Item, type Kind } from './kind.ts';

const stamps = [
  'created_at',
  'updated_at',
  'revision_number',
  'id',
  'project_id',
  'tenant_id',
  'tags',
  'status',
];

/** Everything that Neutron keeps, and the rules that hold for every kind of it. */
export class NetworkStore {
  readonly kinds: readonly Kind[];
  /** Most of each kind that a project may have; -1 is no limit. */
  readonly quotas: Record<string, number>;
  /** Largest MTU of a network. */
  readonly maxMtu: number;
  readonly #now: () => number;
  readonly #items = new Map<string, Map<string, Item>>();

  constructor(kinds: readonly Kind[], quotas: Record<string, number>, maxMtu: number, now: () => number) {
    this.kinds = kinds;
    this.quotas = quotas;
    this.maxMtu = maxMtu;
    this.#now = now;
    for (const kind of kinds) this.#items.set(kind.plural, new Map());
  }

  kind(plural: string): Kind {
    const kind = this.kinds.find(other => other.plural === plural);
    if (!kind) throw new ApiFault(404, 'The resource could not be found.', 'HTTPNotFound');
    return kind;
  }

  all(plural: string): readonly Item[] {
    return [...(this.#items.get(plural)?.values() ?? [])];
  }

  find(plural: string, id: unknown): Item | undefined {
    return typeof id === 'string' ? this.#items.get(plural)?.get(id) : undefined;
  }

  /** What a project may see of a kind. */
  visible(plural: string, projectId: string): readonly Item[] {
    return this.all(plural).filter(item => isVisible(item, projectId));
  }

  /** A thing that the project sees. */
  get(plural: string, id: unknown, projectId: string): Item {
    const item = this.find(plural, id);
    if (item && isVisible(item, projectId)) return item;
    const { label } = this.kind(plural);
    const message =
      plural === 'security-groups' ? `${label} ${id} does not exist` : `${label} ${id} could not be found.`;
    throw new ApiFault(404, message, `${camel(label)}NotFound`);
  }

  /** Creates as a tenant does: every rule holds. */
  create(plural: string, body: Fields, projectId: string): Item {
    const kind = this.kind(plural);
    const around: Around = { store: this, projectId };
    for (const name of Object.keys(body)) {
      if (kind.forbidden?.includes(name)) {
        throw disallowed(`rule:create_${kind.singular} and rule:create_${kind.singular}:${name}`);
      }
      if (!(name in kind.attributes) && name !== 'project_id' && name !== 'tenant_id') {
        throw badRequest(`Unrecognized attribute(s) '${name}'`);
      }
    }
    for (const name of kind.required ?? []) {
      if (!(name in body))
        throw badRequest(`Failed to parse request. Required attribute '${name}' not specified`);
    }
    checkTexts(body);
    this.#checkQuota(kind, projectId);
    const wanted = { ...structuredClone(kind.attributes), ...body };
    return this.put(plural, kind.create(wanted, around), projectId);
  }

  /** Keeps a thing as it is; rules are not asked. */
  put(plural: string, attributes: Fields, projectId: string): Item {
    const kind = this.kind(plural);
    const time = stamp(this.#now());
    const item: Item = {
      ...attributes,
      id: randomUUID(),
      tags: [],
      created_at: time,
      updated_at: time,
      revision_number: 1,
      project_id: projectId,
      tenant_id: projectId,
    };
    this.#items.get(plural)?.set(item.id, item);
    kind.created?.(item, { store: this, projectId });
    return item;
  }

  update(plural: string, item: Item, changes: Fields, projectId: string): Item {
    const kind = this.kind(plural);
    for (const name of Object.keys(changes)) {
      if (kind.forbidden?.includes(name) || kind.forbiddenLater?.includes(name)) {
        throw disallowed(`rule:update_${kind.singular} and rule:update_${kind.singular}:${name}`);
      }
      if (!(name in kind.attributes)) throw badRequest(`Unrecognized attribute(s) '${name}'`);
      if (!kind.changeable.includes(name)) throw badRequest(`Cannot update read-only attribute ${name}`);
    }
    checkTexts(changes);
    this.set(item, kind.update?.(item, changes, { store: this, projectId }) ?? changes);
    return item;
  }

  /** Changes a thing; rules are not asked. */
  set(item: Item, changes: Fields): void {
    Object.assign(item, changes, {
      updated_at: stamp(this.#now()),
      revision_number: Number(item.revision_number) + 1,
    });
  }

  remove(plural: string, item: Item, projectId: string): void {
    this.kind(plural).remove?.(item, { store: this, projectId });
    this.drop(plural, item.id);
  }

  /** Forgets a thing; rules are not asked. */
  drop(plural: string, id: string): void {
    this.#items.get(plural)?.delete(id);
  }

  /** Attributes by which things of a kind may be found. */
  filters(kind: Kind): readonly string[] {
    return [...Object.keys(kind.attributes), ...stamps, ...(kind.forbidden ?? []), ...(kind.shown ?? [])];
  }

  used(kind: Kind, projectId: string): number {
    return this.all(kind.plural).filter(item => item.project_id === projectId).length;
  }

  #checkQuota(kind: Kind, projectId: string): void {
    const limit = kind.quota === undefined ? -1 : (this.quotas[kind.quota] ?? -1);
    if (limit < 0 || this.used(kind, projectId) < limit) return;
    throw new ApiFault(409, `Quota exceeded for resources: ['${kind.quota}'].`, 'OverQuota');
  }
}

const isVisible = (item: Item, projectId: string): boolean =>
  item.project_id === projectId || item.shared === true || item['router:external'] === true;

const camel = (label: string): string =>
  label
    .split(/[ -]/)
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

function checkTexts(body: Fields): void {
  for (const name of ['name', 'description']) {
    const value = body[name];
    if (value === undefined || typeof value === 'string') continue;
    throw badRequest(`Invalid input for ${name}. Reason: '${value}' is not a valid string.`);
  }
}
