import {
  bmcUrl,
  bootModeOf,
  loginOf,
  netbootNic,
  rootDeviceHintsOf,
  twoKeyWarnings,
  verifiesCertificate,
} from './access.ts';
import type { Format } from './format.ts';
import { loginSecret, metadata, secretName } from './kubernetes.ts';
import { comment, toYaml } from './yaml.ts';

/**
 * BareMetalHosts of the Bare Metal Operator, each with its Secret.
 * @see https://book.metal3.io/bmo/supported_hardware
 */
export const metal3: Format = {
  write: (enrolment, options) => {
    const { lab } = enrolment;
    const { namespace, driver } = options;
    const unverified =
      driver === 'redfish' && enrolment.certificate && !verifiesCertificate(enrolment, options);
    const resources = enrolment.nodes.flatMap(node => [
      loginSecret(secretName(node), loginOf(node, options), lab, namespace),
      {
        apiVersion: 'metal3.io/v1alpha1',
        kind: 'BareMetalHost',
        metadata: metadata(node.name, lab, namespace),
        spec: {
          online: true,
          architecture: node.architecture,
          bootMode: bootModeOf(node),
          bootMACAddress: netbootNic(node)?.mac,
          bmc: {
            address: bmcUrl(node, options),
            credentialsName: secretName(node),
            ...(unverified && { disableCertificateVerification: true }),
          },
          ...rootDeviceHintsOf(node),
        },
      },
    ]);
    return comment(`Nodes of lab ${lab}, for "kubectl apply -f FILE".`) + toYaml(...resources);
  },
  warnings: twoKeyWarnings,
};
