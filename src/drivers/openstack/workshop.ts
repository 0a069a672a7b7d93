import type { Change } from '../../node/driver.ts';
import type { LabSpec, NetworkSpec, NodeSpec } from '../../node/spec.ts';
import { QuintupleoError } from '../../support/errors.ts';
import type { CallContext } from './client/call.ts';
import type { Flavor } from './client/compute-types.ts';
import type { OpenStack } from './client/openstack.ts';
import { type FoundLab, type Thing, thingsOf } from './inventory.ts';
import type { WantedMember } from './plan.ts';
import { adopt, adoptionDifferences } from './resources/adoption.ts';
import { desiredNetwork } from './resources/desired-network.ts';
import { desiredNode } from './resources/desired-node.ts';
import type { FirmwareImages } from './resources/firmware-images.ts';
import { findImage } from './resources/images.ts';
import { ensureMachine } from './resources/machines.ts';
import { findExisting, memberOf, type NetworkRef, ownNetworks } from './resources/network-refs.ts';
import { ensureNetwork, networkDifferences } from './resources/networks.ts';
import { machineDifferences } from './resources/node-differences.ts';
import { type MachineParts, nodeMachine } from './resources/nodes.ts';
import type { Site } from './resources/site.ts';

/**
 * Knows how every kind of thing that one lab wants is compared and made. Lives as long as one plan: what it has looked
 * up in the cloud it does not look up again.
 */
export class Workshop {
  readonly #openstack: OpenStack;
  readonly #lab: LabSpec;
  readonly #firmware: FirmwareImages;
  #existing: Promise<ReadonlyMap<string, NetworkRef>> | undefined;
  #flavors: Promise<readonly Flavor[]> | undefined;
  #extensions: Promise<ReadonlySet<string>> | undefined;

  constructor(openstack: OpenStack, lab: LabSpec, firmware: FirmwareImages) {
    this.#openstack = openstack;
    this.#lab = lab;
    this.#firmware = firmware;
  }

  /** What the lab wants, with how to compare it to what is there. */
  async wantedMembers(found: FoundLab, ctx: CallContext): Promise<WantedMember[]> {
    const networks = await this.#networks(found, ctx);
    return [
      ...this.#lab.networks.filter(isMade).map(network => this.#wantedNetwork(network)),
      ...this.#lab.nodes.map(node => this.#wantedNode(node, networks)),
    ];
  }

  /** Whether the cloud can do what was planned, before anything of it is done. */
  async check(changes: readonly Change[], found: FoundLab, ctx: CallContext): Promise<void> {
    const parts = await this.#machineParts(found, ctx);
    for (const { op, kind, name } of changes) {
      const node = kind === 'machine' && op !== 'delete' ? this.#node(name) : undefined;
      if (node && node.cloud?.existing === undefined) await nodeMachine({ ctx }, node, this.#lab, parts);
    }
  }

  /** Does one step that makes or changes something. */
  async make(site: Site, { kind, name, disruptive, op }: Change, found: FoundLab): Promise<readonly Thing[]> {
    const member = memberOf(found, kind, name);
    switch (kind) {
      case 'network': {
        const network = this.#lab.networks.find(one => one.name === name);
        if (!network) throw unknown(kind, name);
        const hasPortSecurity = (await this.#extensionsOf(site.ctx)).has('port-security');
        return ensureNetwork(site, desiredNetwork(network, this.#lab), member, hasPortSecurity);
      }
      case 'machine': {
        const node = this.#node(name);
        if (!node) throw unknown(kind, name);
        const { existing } = node.cloud ?? {};
        if (existing !== undefined) return adopt(site, name, existing, member);
        const networks = await this.#networks(found, site.ctx);
        const machine = await nodeMachine(site, node, this.#lab, await this.#machineParts(found, site.ctx));
        return ensureMachine(site, machine, networks, member, op === 'update' && disruptive);
      }
      default:
        throw unknown(kind, name);
    }
  }

  #wantedNetwork(network: NetworkSpec): WantedMember {
    const desired = desiredNetwork(network, this.#lab);
    const subnets = desired.subnets.map(({ cidr }) => cidr).join(', ') || 'without subnet';
    return {
      kind: 'network',
      name: network.name,
      summary: `${subnets}${desired.portSecurity ? ', with port security' : ''}`,
      differences: found =>
        thingsOf(found, 'network').length === 0 ? undefined : networkDifferences(found, desired),
    };
  }

  #wantedNode(node: NodeSpec, networks: ReadonlyMap<string, NetworkRef>): WantedMember {
    const { name } = node;
    const { existing } = node.cloud ?? {};
    if (existing !== undefined) {
      return {
        kind: 'machine',
        name,
        summary: `the existing instance ${existing}`,
        differences: found => adoptionDifferences(found, existing),
      };
    }
    const desired = desiredNode(node, this.#lab);
    return {
      kind: 'machine',
      name,
      summary: describeNode(node),
      differences: found => machineDifferences(found, desired, networks),
    };
  }

  #node(name: string): NodeSpec | undefined {
    return this.#lab.nodes.find(node => node.name === name);
  }

  /** The lab's networks that are there, by name in the lab. */
  async #networks(found: FoundLab, ctx: CallContext): Promise<ReadonlyMap<string, NetworkRef>> {
    this.#existing ??= this.#findExisting({ reason: ctx.reason });
    return new Map([...ownNetworks(this.#lab, found), ...(await this.#existing)]);
  }

  async #findExisting(ctx: CallContext): Promise<ReadonlyMap<string, NetworkRef>> {
    const refs = new Map<string, NetworkRef>();
    for (const spec of this.#lab.networks) {
      const { existing } = spec.cloud ?? {};
      if (existing !== undefined)
        refs.set(spec.name, await findExisting(this.#openstack, spec, existing, ctx));
    }
    return refs;
  }

  async #machineParts(found: FoundLab, ctx: CallContext): Promise<MachineParts> {
    this.#flavors ??= this.#openstack.compute.flavors({ reason: ctx.reason });
    return {
      flavors: await this.#flavors,
      firmware: this.#firmware,
      imageId: async (reference, what) => (await findImage(this.#openstack, reference, what, ctx)).id,
      groupId: name => thingsOf(memberOf(found, 'server-group', name), 'server-group')[0]?.id,
    };
  }

  #extensionsOf(ctx: CallContext): Promise<ReadonlySet<string>> {
    this.#extensions ??= this.#openstack.network
      .extensions({ reason: ctx.reason })
      .then(aliases => new Set(aliases));
    return this.#extensions;
  }
}

/** Whether the lab makes the network, rather than using one that exists. */
function isMade({ cloud }: NetworkSpec): boolean {
  return cloud?.existing === undefined;
}

function describeNode({ cpus, memory, disks, nics, firmware }: NodeSpec): string {
  const sizes = disks.map(({ size }) => `${Math.ceil(size / 2 ** 30)} GiB`).join(' + ') || 'none';
  const networks = [...new Set(nics.map(({ network }) => network))].join(', ') || 'none';
  return `${cpus} ${cpus === 1 ? 'cpu' : 'cpus'}, ${Math.ceil(memory / 2 ** 20)} MiB memory, disk ${sizes}, network ${networks}, ${firmware}`;
}

function unknown(kind: string, name: string): QuintupleoError {
  return new QuintupleoError(`the lab has no ${kind} ${name}`, { family: 'bug', code: 'NO_SUCH_MEMBER' });
}
