import type { Server } from '../../client/compute-types.ts';
import { type Member, partOf } from '../inventory.ts';
import type { Difference } from './difference.ts';
import { metadataKeys } from './label.ts';
import { serverOf } from './machines.ts';
import type { NetworkRef } from './network-refs.ts';
import { type DesiredPort, portDifferences } from './ports.ts';
import { type Aspects, changedAspects } from './record.ts';
import { isMaking, isOwn } from './servers.ts';
import { type DesiredTrunk, straysOf, subportChanges } from './trunks.ts';

/** What a machine shall be, as far as it is compared with what is there. */
export interface ComparedMachine {
  readonly ports: readonly DesiredPort[];
  readonly trunks: readonly DesiredTrunk[];
  readonly aspects: Aspects;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Aspects for people. */
const aspectTexts: Readonly<Record<string, string>> = {
  flavor: 'another size',
  disks: 'other disks',
  nics: 'other network cards',
  boot: 'other firmware or boot strategy',
  place: 'another availability zone or server group',
  image: 'another image',
  login: 'another key or other user data',
};

/**
 * What of a machine is not as it shall be.
 * @returns `undefined` when it has not been finished
 */
export function machineDifferences(
  found: Member,
  wanted: ComparedMachine,
  networks: ReadonlyMap<string, NetworkRef>,
): Difference[] | undefined {
  const server = serverOf(found);
  if (!server) return undefined;
  if (!isOwn(server)) {
    return [
      {
        text: `made by the lab in place of the instance ${server.name}, which is released`,
        disruptive: false,
      },
    ];
  }
  if (isMaking(server)) return undefined;
  const changed = changedAspects(server.metadata[metadataKeys.spec] ?? '', wanted.aspects);
  if (changed.length > 0) {
    const what = changed.map(aspect => aspectTexts[aspect] ?? aspect).join(', ');
    return [{ text: `${what}: made anew, the data on its disks is lost`, disruptive: true }];
  }
  return [
    ...wanted.ports.flatMap(port => cardDifferences(found, port, networks.get(port.network), server)),
    ...wanted.trunks.flatMap(trunk => trunkDifferences(found, trunk)),
    ...strayDifferences(found, wanted),
    ...metadataDifferences(server, wanted.metadata),
  ];
}

function cardDifferences(
  found: Member,
  desired: DesiredPort,
  network: NetworkRef | undefined,
  server: Server,
): Difference[] {
  const port = partOf(found, 'port', desired.part);
  if (port) return portDifferences(port, desired, network, server.id);
  // Its trunk says so.
  if (desired.inTrunk) return [];
  const text = `its port on ${desired.network} (${desired.mac}) is gone: a new one is plugged in`;
  return [{ text, disruptive: false }];
}

function trunkDifferences(found: Member, desired: DesiredTrunk): Difference[] {
  const { part, parent, subports } = desired;
  const trunk = partOf(found, 'trunk', part);
  const idOf = (port: string) => partOf(found, 'port', port)?.id;
  if (!trunk || trunk.port_id !== idOf(parent)) {
    const vlans = subports.map(({ vlan }) => vlan).join(', ');
    return [{ text: `its trunk of the VLANs ${vlans} is gone`, disruptive: false }];
  }
  const { missing, surplus } = subportChanges(trunk, desired, idOf);
  const told = (change: string, vlans: readonly { readonly segmentation_id: number }[]) =>
    vlans.map(({ segmentation_id }) => ({ text: `VLAN ${segmentation_id} is ${change}`, disruptive: false }));
  return [...told('added', missing), ...told('taken away', surplus)];
}

/** Trunks of cards that carry no VLANs any more. */
function strayDifferences(found: Member, { ports, trunks }: ComparedMachine): Difference[] {
  return straysOf(found, { ports, trunks })
    .filter(({ type }) => type === 'trunk')
    .map(({ name }) => ({ text: `its trunk ${name} is taken away`, disruptive: false }));
}

function metadataDifferences(server: Server, wanted: Readonly<Record<string, string>>): Difference[] {
  const keys = Object.keys(wanted).filter(key => server.metadata[key] !== wanted[key]);
  return keys.length === 0 ? [] : [{ text: `metadata ${keys.join(', ')}`, disruptive: false }];
}
