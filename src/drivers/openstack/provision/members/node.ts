import type { LabSpec, NodeSpec } from '../../../../node/spec.ts';
import { adopt, adoptionDifferences } from '../resources/adoption.ts';
import { desiredNode } from '../resources/desired-node.ts';
import { machineDifferences } from '../resources/machine-differences.ts';
import { ensureMachine } from '../resources/machines.ts';
import { nodeMachine } from '../resources/nodes.ts';
import { checkMachine } from './machine-checks.ts';
import { type MachineLookups, machineNeeds, partsFor } from './machine-parts.ts';
import type { WantedMember } from './wanted-member.ts';

/** A node of the lab: a server that the lab makes, or an instance that it adopts. */
export function nodeMember(node: NodeSpec, lab: LabSpec, around: MachineLookups): WantedMember {
  const reference = node.cloud?.existing;
  return reference === undefined ? madeNode(node, lab, around) : adoptedNode(node.name, reference, around);
}

function adoptedNode(name: string, reference: string, { lookups }: MachineLookups): WantedMember {
  return {
    kind: 'machine',
    name,
    summary: `the existing instance ${reference}`,
    differences: async member => adoptionDifferences(member, reference),
    needs: async () => {
      await lookups.instanceId(reference, name);
      return {};
    },
    make: (site, member) => adopt(site, name, reference, member),
  };
}

function madeNode(node: NodeSpec, lab: LabSpec, around: MachineLookups): WantedMember {
  const desired = desiredNode(node, lab);
  const { lookups } = around;
  return {
    kind: 'machine',
    name: node.name,
    summary: describe(node),
    differences: async (member, found) => machineDifferences(member, desired, await lookups.networks(found)),
    needs: async () => {
      const site = { ctx: { reason: 'plan' } };
      const machine = await nodeMachine(site, node, lab, await partsFor(around, undefined));
      const named = { zone: node.cloud?.availabilityZone, keypair: undefined };
      await checkMachine(`node ${node.name}`, machine, named, lookups);
      return machineNeeds(machine);
    },
    make: async (site, member, found, anew) => {
      const machine = await nodeMachine(site, node, lab, await partsFor(around, found));
      return ensureMachine(site, machine, await lookups.networks(found), member, anew);
    },
  };
}

function describe({ cpus, memory, disks, nics, firmware }: NodeSpec): string {
  const sizes = disks.map(({ size }) => `${Math.ceil(size / 2 ** 30)} GiB`).join(' + ') || 'none';
  const networks = [...new Set(nics.map(({ network }) => network))].join(', ') || 'none';
  const processors = `${cpus} ${cpus === 1 ? 'cpu' : 'cpus'}`;
  return `${processors}, ${Math.ceil(memory / 2 ** 20)} MiB memory, disk ${sizes}, network ${networks}, ${firmware}`;
}
