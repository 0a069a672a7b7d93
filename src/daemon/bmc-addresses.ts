import { networkInterfaces } from 'node:os';
import { run } from '../host/programs.ts';
import { parseCidr, parseIpv4 } from '../support/ipv4.ts';
import { placesOf } from './lab-ports.ts';
import type { LabRecord } from './lab-record.ts';

/**
 * Gives this host the addresses of a lab's BMCs that it does not have, each on the interface whose network it is of.
 * Only for a host that is there for nothing else.
 */
export async function ensureBmcAddresses(record: LabRecord): Promise<void> {
  const present = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, cidr, internal }) => ({
      name,
      address,
      // All of the loopback network can be used without being asked for.
      network: internal ? undefined : parseCidr(cidr ?? ''),
    })),
  );
  const { udp, tcp } = placesOf(record);
  for (const address of new Set([...udp, ...tcp].map(place => place.address))) {
    const number = parseIpv4(address) ?? Number.NaN;
    const home = present.find(({ network }) => network && number >= network.first && number <= network.last);
    // One that is of no network here fails when its BMC is to listen there, and is told of then.
    if (!home?.network || present.some(other => other.address === address)) continue;
    await run('ip', ['address', 'replace', `${address}/${home.network.prefix}`, 'dev', home.name]);
  }
}
