import type { LabSpec } from '../../../node/spec.ts';
import { QuintupleoError } from '../../../support/errors.ts';
import type { CallContext } from '../client/call.ts';
import type { Flavor } from '../client/compute-types.ts';
import type { Image } from '../client/image.ts';
import type { OpenStack } from '../client/openstack.ts';
import type { FoundLab } from './inventory.ts';
import { findInstance } from './resources/adoption.ts';
import type { SecurityGroupIds } from './resources/hosts.ts';
import { findImage } from './resources/images.ts';
import { findExisting, findNetwork, type NetworkRef, ownNetworks } from './resources/network-refs.ts';

/** What a lab uses of a cloud without having made it. Each thing is looked up once. */
export class Lookups {
  readonly #openstack: OpenStack;
  readonly #lab: LabSpec;
  readonly #reason: string;
  readonly #known = new Map<string, Promise<unknown>>();

  constructor(openstack: OpenStack, lab: LabSpec, reason: string) {
    this.#openstack = openstack;
    this.#lab = lab;
    this.#reason = reason;
  }

  /** The lab's networks that are there, by name in the lab, whether made by it or only used. */
  async networks(found: FoundLab): Promise<ReadonlyMap<string, NetworkRef>> {
    const existing = await this.#once('existing networks', async ctx => {
      const refs = new Map<string, NetworkRef>();
      for (const spec of this.#lab.networks) {
        const reference = spec.cloud?.existing;
        if (reference !== undefined)
          refs.set(spec.name, await findExisting(this.#openstack, spec, reference, ctx));
      }
      return refs;
    });
    return new Map([...ownNetworks(this.#lab, found), ...existing]);
  }

  /** The ID of an external network by its name or ID. */
  externalNetwork(reference: string, what: string): Promise<string> {
    return this.#once(`network ${reference}`, async ctx => {
      const network = await findNetwork(this.#openstack, reference, what, ctx);
      if (network['router:external'] === false) throw notExternal(reference, what);
      return network.id;
    });
  }

  flavors(): Promise<readonly Flavor[]> {
    return this.#once('flavors', ctx => this.#openstack.compute.flavors(ctx));
  }

  image(reference: string, what: string): Promise<Image> {
    return this.#once(`image ${reference}`, ctx => findImage(this.#openstack, reference, what, ctx));
  }

  /** The ID of an instance that exists, by its name or ID. */
  instanceId(reference: string, node: string): Promise<string> {
    return this.#once(`instance ${reference}`, async ctx => {
      const { id } = await findInstance(this.#openstack, reference, node, ctx);
      return id;
    });
  }

  /** Aliases of Neutron's extensions. */
  extensions(): Promise<ReadonlySet<string>> {
    return this.#once('extensions', async ctx => new Set(await this.#openstack.network.extensions(ctx)));
  }

  /** IDs of the project's security groups, by name and by ID. */
  securityGroups(): Promise<SecurityGroupIds> {
    return this.#once('security groups', async ctx => {
      const { projectId } = await this.#openstack.project(ctx);
      const groups = await this.#openstack.network.securityGroups.list({ project_id: projectId }, ctx);
      const ids = new Map<string, string[]>(groups.map(({ id }) => [id, [id]]));
      for (const { id, name } of groups) ids.set(name, [...(ids.get(name) ?? []), id]);
      return ids;
    });
  }

  /** Names of the availability zones that take instances. */
  zones(): Promise<ReadonlySet<string>> {
    return this.#once('zones', async ctx => {
      const zones = await this.#openstack.compute.availabilityZones(ctx);
      return new Set(zones.map(({ zoneName }) => zoneName));
    });
  }

  /** Names of the user's keypairs. */
  keypairs(): Promise<ReadonlySet<string>> {
    return this.#once('keypairs', async ctx => {
      const keypairs = await this.#openstack.compute.keypairs.list(ctx);
      return new Set(keypairs.map(({ name }) => name));
    });
  }

  /** Names and IDs of Cinder's volume types; `undefined` where there is no Cinder. */
  volumeTypes(): Promise<ReadonlySet<string> | undefined> {
    return this.#once('volume types', async ctx => {
      if (!(await this.#openstack.has('block-storage', ctx))) return undefined;
      const types = await this.#openstack.volume.types(ctx);
      return new Set(types.flatMap(({ id, name }) => [id, name]));
    });
  }

  #once<T>(what: string, look: (ctx: CallContext) => Promise<T>): Promise<T> {
    // The map's values are as varied as its keys; each key is used in one place only.
    const known = this.#known.get(what) as Promise<T> | undefined;
    if (known) return known;
    // Shared by all who ask, so that no single one's signal may end it.
    const looking = look({ reason: this.#reason });
    this.#known.set(what, looking);
    looking.catch(() => this.#known.delete(what));
    return looking;
  }
}

function notExternal(reference: string, what: string): QuintupleoError {
  return new QuintupleoError(`${what}: the network ${reference} is not an external one`, {
    family: 'config',
    code: 'NETWORK_NOT_EXTERNAL',
    remedy: 'Look at the external ones with: openstack network list --external.',
  });
}
