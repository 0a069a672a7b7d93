import type { ExportOptions } from '../lab/exports.ts';
import {
  bmcUrl,
  bootModeOf,
  loginOf,
  netbootNic,
  rootDeviceHintsOf,
  twoKeyWarnings,
  verifiesCertificate,
} from './access.ts';
import type { EnrolledNode, Enrolment } from './enrolment.ts';
import type { Format } from './format.ts';
import { comment, toYaml } from './yaml.ts';

const masterNames = /^(master|control|controller|control-plane)$/;

/**
 * The hosts of an install-config.yaml, for installer-provisioned clusters.
 * @see https://docs.openshift.com/container-platform/latest/installing/installing_bare_metal/ipi/ipi-install-installation-workflow.html
 */
export const openshift: Format = {
  write: (enrolment, options) =>
    comment(`Nodes of lab ${enrolment.lab}, for install-config.yaml.`) +
    toYaml({
      platform: {
        baremetal: {
          ...authority(enrolment, options),
          hosts: enrolment.nodes.map(node => ({
            name: node.name,
            ...roleOf(node),
            bootMACAddress: netbootNic(node)?.mac,
            bootMode: bootModeOf(node),
            bmc: {
              address: bmcUrl(node, options),
              ...loginOf(node, options),
              ...(unverified(enrolment, options) && { disableCertificateVerification: true }),
            },
            ...rootDeviceHintsOf(node),
          })),
        },
      },
    }),
  warnings: twoKeyWarnings,
};

/**
 * An agent-config.yaml, for the agent-based installer, which boots nodes from an image and needs no BMC. The address
 * of the rendezvous host is the user's choice.
 */
export const openshiftAgent: Format = {
  open: true,
  write: ({ lab, nodes }) =>
    comment(
      `Nodes of lab ${lab}, for agent-config.yaml.`,
      'Add "rendezvousIP", and names of interfaces if they matter.',
    ) +
    toYaml({
      apiVersion: 'v1beta1',
      kind: 'AgentConfig',
      metadata: { name: lab },
      hosts: nodes.map(node => ({
        hostname: node.name,
        ...roleOf(node),
        interfaces: node.nics.map(({ mac }, index) => ({ name: `eth${index}`, macAddress: mac })),
        ...rootDeviceHintsOf(node),
      })),
    }),
};

/** Left to the installer where a node has no role in the lab. */
function roleOf({ role }: EnrolledNode): { readonly role?: 'master' | 'worker' } {
  if (role === null) return {};
  return { role: masterNames.test(role) ? 'master' : 'worker' };
}

function unverified(enrolment: Enrolment, options: ExportOptions): boolean {
  return options.driver === 'redfish' && !!enrolment.certificate && !verifiesCertificate(enrolment, options);
}

/** What signed itself can be verified only by itself. */
function authority(
  enrolment: Enrolment,
  options: ExportOptions,
): { readonly bmcVerifyCA?: string | undefined } {
  const { certificate } = enrolment;
  const given =
    options.driver === 'redfish' && certificate?.selfSigned && verifiesCertificate(enrolment, options);
  return given ? { bmcVerifyCA: certificate.pem } : {};
}
