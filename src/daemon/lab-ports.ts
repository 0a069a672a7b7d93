import { createServer } from 'node:net';
import type { LabDefinition } from '../lab/definition.ts';
import { isServedElsewhere } from './handed-lab.ts';
import { type LabRecord, redfishPortOf } from './lab-record.ts';
import { canBind, choosePorts, type Listener, type Place } from './port-choice.ts';

/** A value for datagrams, by which BMCs speak IPMI, and one for connections, by which they speak Redfish. */
export interface UdpAndTcp<T> {
  readonly udp: T;
  readonly tcp: T;
}

/** The service that shows all nodes, among those that are called as their node. */
const serviceOfLab = '';

/**
 * Chooses a free port for everything of a lab to which its file gives none.
 * @param taken - endpoints `ADDRESS:PORT` of other labs
 * @param reserve - takes an endpoint until its owner listens there; says whether it could be had
 * @throws QuintupleoError `NO_FREE_PORT`
 */
export async function withPorts(
  record: LabRecord,
  taken: UdpAndTcp<ReadonlySet<string>>,
  reserve: UdpAndTcp<(place: Place) => Promise<boolean>>,
): Promise<LabRecord> {
  const { definition, redfish = { ports: {}, passwords: {} } } = record;
  const before = { ...redfish.ports, ...(redfish.port && { [serviceOfLab]: redfish.port }) };
  const udp = { kept: record.ports, taken: taken.udp, reserve: reserve.udp };
  const tcp = { kept: before, taken: taken.tcp, reserve: reserve.tcp };
  const ports = await choosePorts(ipmiListeners(definition), udp);
  const { [serviceOfLab]: port, ...ofNodes } = await choosePorts(redfishListeners(definition), tcp);
  return { ...record, ports, redfish: { ...redfish, port, ports: ofNodes } };
}

/** Where a lab's BMCs listen. */
export function placesOf({ definition, ports, redfish }: LabRecord): UdpAndTcp<readonly Place[]> {
  const chosen = { ...redfish?.ports, ...(redfish?.port && { [serviceOfLab]: redfish.port }) };
  return {
    udp: placed(ipmiListeners(definition), ports),
    tcp: placed(redfishListeners(definition), chosen),
  };
}

/** Places that a lab had and has no more. */
export function leftPlaces(before: LabRecord, now: LabRecord): UdpAndTcp<readonly Place[]> {
  const [had, has] = [placesOf(before), placesOf(now)];
  const left = (places: readonly Place[], still: readonly Place[]) =>
    places.filter(({ address, port }) => !still.some(one => one.address === address && one.port === port));
  return { udp: left(had.udp, has.udp), tcp: left(had.tcp, has.tcp) };
}

/** The place of the service that shows all nodes; `undefined`: there is none. */
export function placeOfService({ definition, redfish }: LabRecord): Place | undefined {
  const service = definition.redfish?.service;
  return service && { address: service.address, port: service.port ?? redfish?.port ?? 0 };
}

/** The place of a node's own Redfish service; `undefined`: it has none. */
export function placeOfNode(record: LabRecord, node: string): Place | undefined {
  const endpoint = record.definition.bmcs[node]?.redfish;
  return endpoint && { address: endpoint.address, port: redfishPortOf(record, node) ?? 0 };
}

/**
 * What of a lab file cannot listen because somebody else has its address and port, in sentences.
 * @param served - places where the lab listens already
 */
export async function portWarnings(
  definition: LabDefinition,
  served: UdpAndTcp<ReadonlySet<string>>,
): Promise<string[]> {
  if (isServedElsewhere(definition)) return [];
  const warnings: string[] = [];
  const check = async (
    listeners: readonly Listener[],
    known: ReadonlySet<string>,
    isFree: (place: Place) => Promise<boolean>,
    what: (name: string) => string,
  ) => {
    for (const { name, address, port } of listeners) {
      if (port === undefined || known.has(`${address}:${port}`) || (await isFree({ address, port })))
        continue;
      warnings.push(`${what(name)} cannot listen on ${address}:${port} as it is now`);
    }
  };
  await check(ipmiListeners(definition), served.udp, canBind, name => `the BMC of ${name}`);
  await check(redfishListeners(definition), served.tcp, canListen, name =>
    name === serviceOfLab ? "the lab's Redfish service" : `the Redfish service of ${name}`,
  );
  return warnings;
}

/** BMCs by IPMI, each by its node's name. */
export function ipmiListeners({ bmcs }: LabDefinition): Listener[] {
  return Object.entries(bmcs).map(([name, { ipmi }]) => ({ name, address: ipmi.address, port: ipmi.port }));
}

/** Redfish services, each by its node's name; the one that shows all nodes by the empty one. */
export function redfishListeners({ bmcs, redfish }: LabDefinition): Listener[] {
  if (!redfish) return [];
  const nodes = Object.entries(bmcs).flatMap(([name, bmc]) =>
    bmc.redfish ? [{ name, ...bmc.redfish }] : [],
  );
  const { service } = redfish;
  return service ? [...nodes, { name: serviceOfLab, address: service.address, port: service.port }] : nodes;
}

function placed(listeners: readonly Listener[], chosen: Readonly<Record<string, number>>): Place[] {
  return listeners.flatMap(({ name, address, port = chosen[name] }) =>
    port === undefined ? [] : [{ address, port }],
  );
}

function canListen({ address, port }: Place): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
