import { hostname, networkInterfaces } from 'node:os';
import { message } from '../bmc/redfish/messages/message.ts';
import { RedfishProblem } from '../bmc/redfish/messages/problem.ts';
import type { Certificates } from '../bmc/redfish/model.ts';
import { type Identity, makeIdentity } from '../support/certificate.ts';
import type { Place } from './port-choice.ts';

/** Ten years: clients that know a certificate shall know it for as long as there is the lab. Milliseconds. */
const lifetime = 3650 * 86_400_000;
/** A certificate with more addresses than that would be refused by some. */
const mostAddresses = 1_000;
const everyAddress = '0.0.0.0';

/**
 * A key and a certificate for all of a lab's services: one, so that there is one fingerprint to know them by.
 * @param places - where they listen
 * @param now - milliseconds since the epoch
 */
export function makeLabIdentity(lab: string, places: readonly Place[], now: number): Promise<Identity> {
  const addresses = new Set(
    places.flatMap(({ address }) => (address === everyAddress ? ownAddresses() : [address])),
  );
  const isLocal = [...addresses].some(address => address.startsWith('127.'));
  return makeIdentity({
    name: `quintupleo ${lab}`,
    dnsNames: [hostname(), ...(isLocal ? ['localhost'] : [])],
    addresses: [...addresses].slice(0, mostAddresses),
    // Clocks of clients may be behind.
    notBefore: now - 86_400_000,
    notAfter: now + lifetime,
  });
}

/** Of services without TLS. */
export const noCertificates: Certificates = {
  current: undefined,
  replace: () => Promise.reject(withoutTls()),
  request: () => Promise.reject(withoutTls()),
};

function withoutTls(): RedfishProblem {
  const told = message('Base.OperationNotAllowed');
  return new RedfishProblem(405, { ...told, Message: `${told.Message} The service is without TLS.` });
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ family }) => family === 'IPv4').map(({ address }) => address),
  );
}
