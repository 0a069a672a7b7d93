import { z } from 'zod';
import type { CallContext } from './call.ts';
import { Collection } from './collection.ts';
import {
  type CreateFloatingIp,
  type CreateNetwork,
  type CreatePort,
  type CreateRouter,
  type CreateSecurityGroup,
  type CreateSubnet,
  type CreateTrunk,
  type FloatingIp,
  floatingIpSchema,
  type Network,
  networkSchema,
  type Port,
  portSchema,
  type Quota,
  quotaSchema,
  type Router,
  routerSchema,
  type SecurityGroup,
  type Subnet,
  type Subport,
  securityGroupSchema,
  subnetSchema,
  type Trunk,
  trunkSchema,
} from './network-types.ts';
import type { Session } from './session.ts';

/** Kinds of Neutron's resources that carry tags, as paths spell them. */
export type TaggedKind =
  | 'networks'
  | 'subnets'
  | 'ports'
  | 'routers'
  | 'floatingips'
  | 'security-groups'
  | 'trunks';

/** What a router is joined to: a subnet, by its gateway's address, or a port that was made for it. */
export type RouterInterface = { readonly subnet_id: string } | { readonly port_id: string };

/**
 * Neutron. Listings take the API's own filters; `tags: 'a,b'` matches what carries both.
 * @see https://docs.openstack.org/api-ref/network/v2/
 */
export class Networking {
  readonly networks: Collection<Network, CreateNetwork, Partial<CreateNetwork>>;
  readonly subnets: Collection<Subnet, CreateSubnet, Partial<CreateSubnet>>;
  readonly ports: Collection<Port, CreatePort, Partial<CreatePort>>;
  readonly routers: Collection<Router, CreateRouter, Partial<CreateRouter>>;
  readonly floatingIps: Collection<FloatingIp, CreateFloatingIp, Partial<CreateFloatingIp>>;
  readonly securityGroups: Collection<SecurityGroup, CreateSecurityGroup, Partial<CreateSecurityGroup>>;
  readonly trunks: Collection<Trunk, CreateTrunk, Partial<CreateTrunk>>;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    const collection = <T extends { id: string }, Create extends object>(
      path: TaggedKind,
      singular: string,
      schema: z.ZodType<T>,
    ) =>
      new Collection<T, Create, Partial<Create>>(
        session,
        'network',
        { path, singular, plural: `${singular}s` },
        schema,
      );
    this.networks = collection('networks', 'network', networkSchema);
    this.subnets = collection('subnets', 'subnet', subnetSchema);
    this.ports = collection('ports', 'port', portSchema);
    this.routers = collection('routers', 'router', routerSchema);
    this.floatingIps = collection('floatingips', 'floatingip', floatingIpSchema);
    this.securityGroups = collection('security-groups', 'security_group', securityGroupSchema);
    this.trunks = collection('trunks', 'trunk', trunkSchema);
  }

  /** Replaces all tags of one resource. */
  async setTags(kind: TaggedKind, id: string, tags: readonly string[], ctx: CallContext): Promise<void> {
    await this.#session.call(
      { service: 'network', method: 'PUT', path: `/${kind}/${id}/tags`, body: { tags } },
      ctx,
    );
  }

  /** What the router is already joined to by the same subnet or port is a `bad-request` or `conflict`. */
  async addRouterInterface(
    routerId: string,
    joined: RouterInterface,
    ctx: CallContext,
  ): Promise<{ port_id: string }> {
    const answer = await this.#session.call(
      {
        service: 'network',
        method: 'PUT',
        path: `/routers/${routerId}/add_router_interface`,
        body: joined,
        repeatable: false,
      },
      ctx,
    );
    const { port_id } = answer.read(z.looseObject({ port_id: z.string() }));
    return { port_id };
  }

  /** What is not joined, or gone, is no error. */
  async removeRouterInterface(routerId: string, joined: RouterInterface, ctx: CallContext): Promise<void> {
    await this.#session.remove(
      {
        service: 'network',
        method: 'PUT',
        path: `/routers/${routerId}/remove_router_interface`,
        body: joined,
      },
      ctx,
    );
  }

  /** Lets a trunk carry further ports as VLANs. */
  async addSubports(trunkId: string, subports: readonly Subport[], ctx: CallContext): Promise<void> {
    await this.#changeSubports(trunkId, 'add_subports', subports, ctx);
  }

  /** Takes ports out of a trunk; what is not there is a `not-found`. */
  async removeSubports(
    trunkId: string,
    subports: readonly Pick<Subport, 'port_id'>[],
    ctx: CallContext,
  ): Promise<void> {
    await this.#changeSubports(trunkId, 'remove_subports', subports, ctx);
  }

  async #changeSubports(
    trunkId: string,
    change: 'add_subports' | 'remove_subports',
    sub_ports: readonly object[],
    ctx: CallContext,
  ): Promise<void> {
    await this.#session.call(
      {
        service: 'network',
        method: 'PUT',
        path: `/trunks/${trunkId}/${change}`,
        body: { sub_ports },
        repeatable: false,
      },
      ctx,
    );
  }

  /** Aliases of the extensions that the cloud has: `port-security`, `trunk`, `standard-attr-tag`. */
  async extensions(ctx: CallContext): Promise<string[]> {
    const answer = await this.#session.call({ service: 'network', method: 'GET', path: '/extensions' }, ctx);
    const schema = z.looseObject({ extensions: z.array(z.looseObject({ alias: z.string() })) });
    return answer.read(schema).extensions.map(extension => extension.alias);
  }

  /** The project's quotas by resource: `network`, `subnet`, `port`, `router`, `floatingip`, `security_group` … */
  async quotas(ctx: CallContext): Promise<Readonly<Record<string, Quota>>> {
    const { projectId } = await this.#session.token(ctx);
    const answer = await this.#session.call(
      { service: 'network', method: 'GET', path: `/quotas/${projectId}/details` },
      ctx,
    );
    return answer.read(z.looseObject({ quota: z.record(z.string(), quotaSchema) })).quota;
  }
}
