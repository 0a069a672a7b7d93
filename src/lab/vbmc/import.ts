import {
  anyIpv4,
  type ImportedLab,
  type ImportedValue,
  importHeading,
  ipv4InPlaceOf,
  isElsewhere,
  type LostValue,
  type ParameterFate,
} from '../imported.ts';
import { withId } from '../lab-id.ts';
import { type LabComment, labelOf, labText } from '../lab-text.ts';
import type { LibvirtDomain } from '../libvirt-domain.ts';
import { machineParts } from '../libvirt-machines.ts';
import type { VbmcConfig } from './config.ts';

/** What is imported. */
export interface VbmcSource {
  /** One of each BMC. */
  readonly configs: readonly VbmcConfig[];
  /** What libvirt says of the machines, as far as that is known. */
  readonly domains: readonly LibvirtDomain[];
  /** Name of the lab. */
  readonly name: string;
  readonly id?: string | undefined;
  /** The folder's name, for the heading. */
  readonly folder: string;
}

const toName = 'Check: name one address of this host if tools shall be told of it by "export"';
const anew = 'the lab makes its machines anew, with QEMU on this host';

/** What becomes of each option that VirtualBMC keeps. */
export const vbmcOptions: Readonly<Record<string, ParameterFate>> = {
  domain_name: { to: 'nodes[].name' },
  username: { to: 'bmc.username' },
  password: { to: 'bmc.password' },
  address: { to: 'bmc.ipmi.address' },
  port: { to: 'bmc.ipmi.port' },
  libvirt_uri: { why: anew },
  libvirt_sasl_username: { why: anew },
  libvirt_sasl_password: { why: anew },
  active: { why: 'BMCs of a lab answer as long as it is up' },
};

/**
 * Makes a lab file of VirtualBMC's BMCs: nodes with the same names, whose BMCs answer at the same addresses and ports to
 * the same users. Their machines are new ones; those of libvirt are left as they are.
 */
export function importVbmc(source: VbmcSource): ImportedLab {
  const configs = source.configs.toSorted(
    (one, other) =>
      Number(one.port) - Number(other.port) ||
      String(one.domain_name).localeCompare(String(other.domain_name)),
  );
  const parts = machineParts(
    configs.map(({ domain_name: name = '' }) => ({
      name,
      domain: source.domains.find(domain => domain.name === name),
    })),
  );
  const bmcs = configs.map(bmcOf);
  const notMapped = configs.flatMap(lostOf);
  const content = {
    lab: withId(labelOf(source.name), source.id),
    driver: 'qemu',
    networks: parts.networks,
    nodes: parts.nodes.map((node, index) => ({ ...node, bmc: bmcs[index] })),
    bmc: { redfish: { address: '127.0.0.1' } },
  };
  const comments: readonly LabComment[] = [
    ...parts.comments,
    ...bmcs.flatMap(({ ipmi }, index): LabComment[] =>
      ipmi.address === anyIpv4 ? [[['nodes', index, 'bmc', 'ipmi', 'address'], toName]] : [],
    ),
    [['bmc', 'redfish', 'address'], 'VirtualBMC has no Redfish; here it answers this host only'],
  ];
  const heading = importHeading(
    [
      `Made of the BMCs of VirtualBMC in ${source.folder} by "quintupleo import vbmc".`,
      'Stop vbmcd before "quintupleo up": both would listen on the same ports.',
    ],
    notMapped,
  );
  return { text: labText(content, comments, heading), mapped: configs.flatMap(mappedOf), notMapped };
}

function bmcOf(config: VbmcConfig) {
  return {
    username: config.username ?? 'admin',
    password: config.password ?? 'password',
    ipmi: { address: ipv4InPlaceOf(config.address ?? '::'), port: Number(config.port) },
  };
}

function mappedOf(config: VbmcConfig, index: number): readonly ImportedValue[] {
  const machine = String(config.domain_name);
  return Object.entries(config).flatMap(([parameter, value]) => {
    const fate = Object.hasOwn(vbmcOptions, parameter) ? vbmcOptions[parameter] : undefined;
    if (!fate || !('to' in fate)) return [];
    const to = fate.to.startsWith('nodes[]')
      ? fate.to.replace('[]', `[${index}]`)
      : `nodes[${index}].${fate.to}`;
    return [{ machine, parameter, value: parameter === 'port' ? Number(value) : value, to }];
  });
}

function lostOf(config: VbmcConfig): readonly LostValue[] {
  const machine = String(config.domain_name);
  const told = config.address ?? '::';
  const moved = {
    machine,
    parameter: 'address',
    why: `BMCs listen on IPv4: it is 127.0.0.1 instead of ${told}`,
  };
  return [
    ...(isElsewhere(told) ? [moved] : []),
    ...Object.entries(config).flatMap(([parameter, value]) => {
      const fate = Object.hasOwn(vbmcOptions, parameter) ? vbmcOptions[parameter] : undefined;
      if (fate && 'to' in fate) return [];
      // A BMC that answers is as it was.
      if (parameter === 'active' && value.toLowerCase() === 'true') return [];
      return [{ machine, parameter, why: fate?.why ?? 'not an option of VirtualBMC' }];
    }),
  ];
}
