import type { ExportOptions } from '../lab/exports.ts';
import { loginOf, redfishOf } from './access.ts';
import type { EnrolledNode } from './enrolment.ts';
import type { Format } from './format.ts';

const ipmiPort = 623;

/**
 * A shell script that creates machines with MAAS's command line. Its arguments are given to each call, such as
 * `commission=false`.
 * @see https://canonical.com/maas/docs/reference-power-drivers
 */
export const maas: Format = {
  write: (enrolment, options) => `#!/bin/sh
# Creates the nodes of lab ${enrolment.lab} in MAAS: PROFILE=admin sh FILE [KEY=VALUE]...
set -eu
: "\${PROFILE:?say which MAAS profile to use}"

${enrolment.nodes.map(node => create(node, options)).join('\n')}`,
  warnings: (enrolment, { driver }) =>
    driver === 'ipmi' && enrolment.nodes.some(node => node.ipmi.port !== ipmiPort)
      ? [
          'MAAS has no setting for an IPMI port: ADDRESS:PORT is handed through to FreeIPMI. ' +
            'Give each BMC an address of its own on port 623, or use --driver redfish.',
        ]
      : [],
};

function create(node: EnrolledNode, options: ExportOptions): string {
  const { username, password } = loginOf(node, options);
  const settings: readonly (readonly [string, string])[] = [
    ['hostname', node.name],
    ['architecture', 'amd64/generic'],
    ...node.nics.map(({ mac }) => ['mac_addresses', mac] as const),
    ['power_type', options.driver],
    ...prefixed([...place(node, options), ['power_user', username], ['power_pass', password]]),
  ];
  const words = settings.map(([key, value]) => `${key}=${shellWord(value)}`);
  return `${['maas "$PROFILE" machines create', ...words, '"$@"'].join(' \\\n  ')}\n`;
}

function place(node: EnrolledNode, { driver }: ExportOptions): readonly (readonly [string, string])[] {
  if (driver === 'redfish') {
    const { url, systemPath } = redfishOf(node);
    return [
      ['power_address', url],
      ['node_id', systemPath.slice(systemPath.lastIndexOf('/') + 1)],
    ];
  }
  const { address, port, privilege, kg } = node.ipmi;
  return [
    ['power_address', port === ipmiPort ? address : `${address}:${port}`],
    ['power_driver', 'LAN_2_0'],
    ['power_boot_type', node.firmware === 'uefi' ? 'efi' : 'legacy'],
    ['privilege_level', privilege === 'administrator' ? 'ADMIN' : privilege.toUpperCase()],
    ...(kg ? [['k_g', `0x${kg}`] as const] : []),
  ];
}

function prefixed(
  parameters: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  return parameters.map(([key, value]) => [`power_parameters_${key}`, value]);
}

function shellWord(text: string): string {
  return /^[\w.@%+:,/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
