import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Destinations } from '../support/destinations.ts';
import { messageOf } from '../support/errors.ts';
import { parseIpv4 } from '../support/ipv4.ts';
import { parseDuration, parseSize } from '../support/quantity.ts';
import type { RedfishDefinition, UserDefinition } from './definition.ts';
import type { Endpoints } from './endpoints.ts';
import { httpsPort, limits, redfishDefaults } from './limits.ts';
import type { Path, Report } from './problem.ts';
import type { RedfishContent } from './schema-redfish.ts';
import { type LabFileSources, readDocument, readSecret } from './secret.ts';

/** What a lab's Redfish services follow from besides their own section of the file. */
export interface RedfishSurroundings {
  /** Who may log in at the service that shows all nodes. */
  readonly users: readonly UserDefinition[];
  /** Address of the service instance that serves the lab; `undefined`: this machine does. */
  readonly instance: string | undefined;
  readonly endpoints: Endpoints;
  readonly sources: LabFileSources;
  readonly report: Report;
}

const path: Path = ['redfish'];

/** Fills in the settings of a lab's Redfish services, and reports what they cannot be. */
export function resolveRedfish(
  content: RedfishContent | undefined,
  { users, instance, endpoints, sources, report }: RedfishSurroundings,
): RedfishDefinition {
  const given = typeof content === 'object' ? content : {};
  const address = given.address ?? instance ?? redfishDefaults.address;
  const port = given.port ?? (instance === undefined ? undefined : httpsPort);
  if (content !== false) {
    if ((parseIpv4(address) ?? Number.POSITIVE_INFINITY) >= 0xe000_0000) {
      report([...path, 'address'], `address "${address}" is not an address of a host. Use one of this host.`);
    }
    if (instance !== undefined && address !== instance) {
      const remedy = 'Leave the key away.';
      report([...path, 'address'], `address "${address}" is not the service instance's. ${remedy}`);
    }
    endpoints.claim({ address, port, path: [...path, 'port'] }, 'the lab');
  }
  return {
    service: content === false ? undefined : { address, port, users },
    tls: given.tls ?? redfishDefaults.tls,
    identity: resolveIdentity(given, sources, report),
    sessionTimeout: resolveTimeout(given.sessionTimeout, report),
    destinations: given.destinations && checkDestinations(given.destinations, path, report),
    mediaLimit: resolveLimit(given.mediaLimit, report),
  };
}

type Given = Exclude<RedfishContent, boolean>;

function resolveIdentity(
  { tls, certificate, key }: Given,
  sources: LabFileSources,
  report: Report,
): RedfishDefinition['identity'] {
  if (certificate === undefined && key === undefined) return undefined;
  for (const [name, content, other] of [
    ['certificate', certificate, 'key'],
    ['key', key, 'certificate'],
  ] as const) {
    if (content === undefined)
      report([...path, other], `${other} needs ${name}. Give both, or neither.`, 'key');
    else if (tls === false) {
      report([...path, name], `${name} is of no use with tls: false. Leave one of them away.`, 'key');
    }
  }
  if (certificate === undefined || key === undefined) return undefined;
  const at = [...path, 'certificate'];
  const keyAt = [...path, 'key'];
  const chain = readDocument(certificate, 'certificate', at, limits.certificate, sources, report);
  const secret = readSecret(key, 'key', keyAt, sources, report);
  if (chain === undefined || secret === undefined) return undefined;
  const own = attempt(() => new X509Certificate(chain));
  if (!own.value) {
    report(at, `certificate cannot be read: ${own.problem}. It must be PEM: -----BEGIN CERTIFICATE-----.`);
  }
  const privateKey = attempt(() => createPrivateKey(secret));
  if (!privateKey.value) {
    // Of a secret, not even the reason is told: it might quote it.
    report(keyAt, 'key cannot be read. It must be PEM without a password: -----BEGIN PRIVATE KEY-----.');
  }
  if (own.value && privateKey.value && !own.value.checkPrivateKey(privateKey.value)) {
    report(keyAt, 'key is not that of the certificate. Give the one with which the certificate was made.');
  }
  return { certificate: chain, key: `${secret.trimEnd()}\n` };
}

function attempt<T>(work: () => T): { readonly value?: T; readonly problem?: string } {
  try {
    return { value: work() };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

function resolveTimeout(text: string | undefined, report: Report): number {
  const timeout = parseDuration(text ?? redfishDefaults.sessionTimeout) ?? Number.NaN;
  if (!(timeout >= limits.shortestRedfishSession && timeout <= limits.longestRedfishSession)) {
    report([...path, 'sessionTimeout'], `sessionTimeout "${text}" is out of range. Use 30s to 24h.`);
  }
  return timeout;
}

function resolveLimit(text: string | undefined, report: Report): number {
  const limit = parseSize(text ?? redfishDefaults.mediaLimit) ?? Number.NaN;
  if (!(limit >= limits.leastMediaLimit && limit <= limits.mostMediaLimit)) {
    report([...path, 'mediaLimit'], `mediaLimit "${text}" is out of range. Use 1MiB to 1TiB.`);
  }
  return limit;
}

/**
 * Reports which destinations are none.
 * @param section - of the lab file, that they are in
 */
export function checkDestinations(
  destinations: readonly string[],
  section: Path,
  report: Report,
): readonly string[] {
  for (const [index, destination] of destinations.entries()) {
    if (attempt(() => new Destinations([destination])).value) continue;
    const remedy = 'Write an address, a network such as 192.0.2.0/24, a host name, *.example.org, or any.';
    report(
      [...section, 'destinations', index],
      `destination ${JSON.stringify(destination)} is no address, network or host name. ${remedy}`,
    );
  }
  return destinations;
}
