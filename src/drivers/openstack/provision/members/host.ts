import type { CloudHost } from '../../../../node/cloud-spec.ts';
import type { LabSpec } from '../../../../node/spec.ts';
import { ensureFloatingIp, floatingIpDifferences } from '../resources/floating-ips.ts';
import { comparedHost, hostMachine } from '../resources/hosts.ts';
import { machineDifferences } from '../resources/machine-differences.ts';
import { ensureMachine } from '../resources/machines.ts';
import { checkMachine } from './machine-checks.ts';
import { type MachineLookups, machineNeeds, partsFor } from './machine-parts.ts';
import type { WantedMember } from './wanted-member.ts';

/** A host of the lab: a machine that is no bare metal. */
export function hostMember(
  host: CloudHost,
  lab: LabSpec,
  owner: string,
  around: MachineLookups,
): WantedMember {
  const { name } = host;
  const { lookups } = around;
  const external = async () =>
    host.floatingIp === undefined ? undefined : lookups.externalNetwork(host.floatingIp, `host ${name}`);
  const securityGroups = async () =>
    host.securityGroups === undefined ? new Map<string, string[]>() : lookups.securityGroups();
  const machine = async (found: Parameters<typeof partsFor>[1]) =>
    hostMachine(owner, host, lab, await partsFor(around, found), await securityGroups());
  return {
    kind: 'host',
    name,
    summary: `${host.image}${host.floatingIp === undefined ? '' : `, floating IP on ${host.floatingIp}`}`,
    differences: async (member, found) => {
      const networks = await lookups.networks(found);
      const differences = machineDifferences(member, comparedHost(host, await securityGroups()), networks);
      return differences && [...differences, ...floatingIpDifferences(member, await external())];
    },
    needs: async () => {
      const wanted = await machine(undefined);
      const named = { zone: host.availabilityZone, keypair: host.keypair };
      await checkMachine(`host ${name}`, wanted, named, lookups);
      return { ...machineNeeds(wanted), floatingIps: (await external()) === undefined ? 0 : 1 };
    },
    make: async (site, member, found, anew) => {
      const made = await ensureMachine(
        site,
        await machine(found),
        await lookups.networks(found),
        member,
        anew,
      );
      const first = made.find(({ type }) => type === 'port')?.id;
      // One that was made anew has lost what it had before.
      const isSame = made.some(
        ({ type, id }) => type === 'port' && member?.things.some(thing => thing.id === id),
      );
      const kept = isSame ? member : undefined;
      return [
        ...made,
        ...(await ensureFloatingIp(site, { kind: 'host', name }, await external(), first, kept)),
      ];
    },
  };
}
