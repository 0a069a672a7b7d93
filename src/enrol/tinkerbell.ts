import type { ExportOptions } from '../lab/exports.ts';
import { formatIpv4, parseCidr } from '../support/ipv4.ts';
import { hostAndPort, loginOf, redfishOf, twoKeyWarnings, verifiesCertificate } from './access.ts';
import type { EnrolledNode, Enrolment } from './enrolment.ts';
import type { Format } from './format.ts';
import { loginSecret, metadata, secretName } from './kubernetes.ts';
import { comment, toYaml } from './yaml.ts';

const defaultNamespace = 'tinkerbell';
/** Host numbers from here on are given to nodes; those below are left to routers and servers. */
const firstHostNumber = 10;
/** Seconds. */
const leaseTime = 86_400;

type Nic = EnrolledNode['nics'][number];

/**
 * Hardware, Machine (Rufio) and Secret for each node, of the API version v1alpha1. Tinkerbell's DHCP server gives out
 * what stands in Hardware, so every card gets an address of its network: its own fixed one, or one by the node's
 * position in the lab.
 */
export const tinkerbell: Format = {
  write: (enrolment, options) => {
    const { lab } = enrolment;
    const namespace = options.namespace ?? defaultNamespace;
    const resources = enrolment.nodes.flatMap(node => [
      loginSecret(secretName(node), loginOf(node, options), lab, namespace),
      {
        apiVersion: 'bmc.tinkerbell.org/v1alpha1',
        kind: 'Machine',
        metadata: metadata(node.name, lab, namespace),
        spec: {
          connection: {
            ...connection(node, enrolment, options),
            authSecretRef: { name: secretName(node), namespace },
          },
        },
      },
      {
        apiVersion: 'tinkerbell.org/v1alpha1',
        kind: 'Hardware',
        metadata: metadata(node.name, lab, namespace),
        spec: {
          bmcRef: { apiGroup: 'bmc.tinkerbell.org', kind: 'Machine', name: node.name },
          ...disks(node),
          metadata: {
            facility: { facility_code: lab },
            instance: { id: node.uuid, hostname: node.name, allow_pxe: true, always_pxe: false },
          },
          interfaces: node.nics.map(nic => networkInterface(node, nic, enrolment)),
        },
      },
    ]);
    return comment(`Nodes of lab ${lab}, for "kubectl apply -f FILE".`) + toYaml(...resources);
  },
  warnings: (enrolment, options) => [
    ...twoKeyWarnings(enrolment, options),
    ...enrolment.networks
      .filter(({ name, dhcp }) => dhcp && enrolment.nodes.some(node => isNetbootNetwork(node, name)))
      .map(
        ({ name }) => `The lab serves DHCP on ${name} itself. Write "dhcp: false" so that Tinkerbell can.`,
      ),
    ...enrolment.nodes
      .filter(node => node.nics.some(nic => nic.netboot && !addressOf(node, nic, enrolment)))
      .map(({ name }) => `There is no address for ${name}: its network is too small.`),
  ],
};

function isNetbootNetwork(node: EnrolledNode, network: string): boolean {
  return node.nics.some(nic => nic.netboot && nic.network === network);
}

function connection(
  node: EnrolledNode,
  enrolment: Enrolment,
  options: ExportOptions,
): Readonly<Record<string, unknown>> {
  if (options.driver === 'ipmi') {
    const { address, port } = node.ipmi;
    return {
      host: address,
      port,
      insecureTLS: true,
      providerOptions: { preferredOrder: ['ipmitool'], ipmitool: { port } },
    };
  }
  const { host, port } = hostAndPort(redfishOf(node).url);
  return {
    host,
    port,
    insecureTLS: !verifiesCertificate(enrolment, options),
    providerOptions: {
      preferredOrder: ['gofish'],
      // A service may show several systems; Rufio finds the one of this name.
      redfish: { port, systemName: node.name },
    },
  };
}

function disks({ disks }: EnrolledNode): { readonly disks?: readonly { readonly device: string }[] } {
  const devices = disks.flatMap(({ serial }) =>
    serial ? [{ device: `/dev/disk/by-id/virtio-${serial}` }] : [],
  );
  return devices.length > 0 ? { disks: devices } : {};
}

function networkInterface(
  node: EnrolledNode,
  nic: Nic,
  enrolment: Enrolment,
): Readonly<Record<string, unknown>> {
  const ip = addressOf(node, nic, enrolment);
  return {
    dhcp: {
      mac: nic.mac,
      hostname: node.name,
      arch: node.architecture,
      uefi: node.firmware === 'uefi',
      lease_time: leaseTime,
      ...(ip && { ip: { ...ip, family: 4 } }),
    },
    netboot: { allowPXE: nic.netboot, allowWorkflow: nic.netboot },
  };
}

function addressOf(
  node: EnrolledNode,
  nic: Nic,
  { networks }: Enrolment,
): { readonly address: string; readonly netmask: string } | undefined {
  const network = parseCidr(networks.find(({ name }) => name === nic.network)?.cidr ?? '');
  if (!network) return undefined;
  const netmask = formatIpv4(2 ** 32 - 2 ** (32 - network.prefix));
  const fixed = nic.addresses.find(address => !address.includes(':'));
  if (fixed) return { address: fixed, netmask };
  // Two cards on one network need two addresses, and a bond of them only the first.
  const twins = node.nics.filter(({ network: name }) => name === nic.network);
  if (twins.indexOf(nic) > 0) return undefined;
  const number = network.first + firstHostNumber + node.index;
  return number < network.last ? { address: formatIpv4(number), netmask } : undefined;
}
