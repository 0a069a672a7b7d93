import type { ExportOptions } from '../lab/exports.ts';
import { QuintupleoError } from '../support/errors.ts';
import type { EnrolledNode, Enrolment, RedfishAccess } from './enrolment.ts';

/**
 * Where a node is found by Redfish.
 * @throws QuintupleoError `EXPORT_IMPOSSIBLE` if it is nowhere
 */
export function redfishOf({ name, redfish }: EnrolledNode): RedfishAccess {
  if (redfish) return redfish;
  throw new QuintupleoError(`${name} has no Redfish service`, {
    family: 'user',
    code: 'EXPORT_IMPOSSIBLE',
    remedy: 'Leave "redfish: false" out of the lab file, or use --driver ipmi.',
  });
}

/** User and password by which the tool logs in. */
export function loginOf(
  node: EnrolledNode,
  { driver }: ExportOptions,
): { readonly username: string; readonly password: string } {
  const { username, password } = driver === 'ipmi' ? node.ipmi : redfishOf(node);
  return { username, password };
}

/** Whether the tool verifies certificates: as it was told, else unless there is one that signed itself. */
export function verifiesCertificate({ certificate }: Enrolment, { verifyCa }: ExportOptions): boolean {
  return verifyCa === undefined ? certificate?.selfSigned !== true : verifyCa !== false;
}

/**
 * The address of a BMC as Metal3 and OpenShift write it: `ipmi://192.0.2.1:623`,
 * `redfish-virtualmedia+https://192.0.2.1:443/redfish/v1/Systems/node-0`.
 */
export function bmcUrl(node: EnrolledNode, { driver, virtualMedia }: ExportOptions): string {
  if (driver === 'ipmi') return `ipmi://${node.ipmi.address}:${node.ipmi.port}`;
  const { url, systemPath } = redfishOf(node);
  return `${virtualMedia ? 'redfish-virtualmedia' : 'redfish'}+${url}${systemPath}`;
}

/** `bootMode` of Metal3 and OpenShift. */
export function bootModeOf({ firmware, secureBoot }: EnrolledNode): 'legacy' | 'UEFI' | 'UEFISecureBoot' {
  if (firmware === 'bios') return 'legacy';
  return secureBoot ? 'UEFISecureBoot' : 'UEFI';
}

/** `rootDeviceHints` of Metal3 and OpenShift, as an entry to spread: nothing where the disk's serial number is not known. */
export function rootDeviceHintsOf({ disks }: EnrolledNode): {
  readonly rootDeviceHints?: { readonly serialNumber: string };
} {
  const serial = disks[0]?.serial;
  return serial ? { rootDeviceHints: { serialNumber: serial } } : {};
}

/** What is said of tools that cannot log in with two keys, where a BMC wants it. */
export function twoKeyWarnings({ nodes }: Enrolment, { driver }: ExportOptions): readonly string[] {
  const strict = driver === 'ipmi' && nodes.some(({ ipmi }) => ipmi.kg !== null);
  return strict
    ? ['This tool knows no BMC key. Leave "kg" out of the lab file, or use --driver redfish.']
    : [];
}

/** The card that netboots. */
export function netbootNic({ nics }: EnrolledNode): EnrolledNode['nics'][number] | undefined {
  return nics.find(nic => nic.netboot);
}

/** Host and port of a URL, the port also where it is the scheme's own. */
export function hostAndPort(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

/** Whole MiB. */
export function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}

/** Whole GiB. */
export function gibibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 30);
}
