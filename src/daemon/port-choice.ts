import { createSocket } from 'node:dgram';
import type { LabDefinition } from '../lab/definition.ts';
import { QuintupleoError } from '../support/errors.ts';
import type { LabRecord } from './lab-record.ts';

/** Where ports that nobody chose begin: below the ephemeral range, and away from those that people choose. */
const firstPort = 16_230;
const lastPort = 32_767;

/**
 * Chooses a free UDP port for every BMC that the lab file gives none, and keeps those that were chosen before.
 * @param taken - endpoints `ADDRESS:PORT` that belong to other labs
 * @param reserve - takes an endpoint until the BMC listens there; says whether it could be had
 * @throws QuintupleoError `NO_FREE_PORT`
 */
export async function choosePorts(
  record: LabRecord,
  taken: ReadonlySet<string>,
  reserve: (endpoint: { readonly address: string; readonly port: number }) => Promise<boolean>,
): Promise<Record<string, number>> {
  const { bmcs } = record.definition;
  const mine = new Set<string>();
  for (const { ipmi } of Object.values(bmcs))
    if (ipmi.port !== undefined) mine.add(`${ipmi.address}:${ipmi.port}`);
  const ports: Record<string, number> = {};
  const next = new Map<string, number>();
  for (const [name, { ipmi }] of Object.entries(bmcs)) {
    if (ipmi.port !== undefined) continue;
    const kept = record.ports[name];
    let port = kept ?? next.get(ipmi.address) ?? firstPort;
    const isFree = async () => {
      const endpoint = `${ipmi.address}:${port}`;
      if (taken.has(endpoint) || mine.has(endpoint)) return false;
      return kept !== undefined || reserve({ address: ipmi.address, port });
    };
    while (!(await isFree())) {
      if (++port > lastPort) {
        throw new QuintupleoError(`no free UDP port on ${ipmi.address} for the BMC of ${name}`, {
          family: 'platform',
          code: 'NO_FREE_PORT',
          remedy: 'Give the BMCs addresses of their own in the lab file: all of 127.0.0.0/8 can be used.',
        });
      }
    }
    ports[name] = port;
    mine.add(`${ipmi.address}:${port}`);
    next.set(ipmi.address, port + 1);
  }
  return ports;
}

/** Where BMCs are whose ports were chosen. */
export function chosenEndpoints({ definition, ports }: LabRecord): { address: string; port: number }[] {
  return Object.entries(ports).flatMap(([name, port]) => {
    const address = definition.bmcs[name]?.ipmi.address;
    return address === undefined ? [] : [{ address, port }];
  });
}

/**
 * BMCs of a lab file whose address and port somebody else has, in sentences.
 * @param served - nodes whose BMCs listen already
 */
export async function portWarnings({ bmcs }: LabDefinition, served: ReadonlySet<string>): Promise<string[]> {
  const warnings: string[] = [];
  for (const [name, { ipmi }] of Object.entries(bmcs)) {
    if (ipmi.port === undefined || served.has(name) || (await canBind(ipmi.address, ipmi.port))) continue;
    warnings.push(`the BMC of ${name} cannot listen on ${ipmi.address}:${ipmi.port} as it is now`);
  }
  return warnings;
}

function canBind(address: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
