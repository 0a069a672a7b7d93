import {
  type CertificateDetails,
  certificateDetails,
  type DistinguishedName,
  type KeyUsage,
} from '../../../support/certificate-details.ts';
import type { JsonObject } from '../json.ts';
import type { RedfishBmc } from '../model.ts';
import { managerPath } from '../nodes/paths.ts';
import { collectionBody, nodeResource } from '../resource.ts';

/** The certificate by which clients know the service, at each manager that it shows. @see schema Certificate */

const certificateId = '1';

export function certificateCollectionPath(bmc: RedfishBmc): string {
  return `${managerPath(bmc)}/NetworkProtocol/HTTPS/Certificates`;
}

export function certificatePath(bmc: RedfishBmc): string {
  return `${certificateCollectionPath(bmc)}/${certificateId}`;
}

export const certificateCollection = nodeResource({
  path: '/redfish/v1/Managers/{manager}/NetworkProtocol/HTTPS/Certificates',
  schema: 'CertificateCollection',
  // The certificate is the service's, not the node's.
  volatile: true,
  read: ({ bmc, service }) =>
    collectionBody(
      'HTTPS Certificates',
      service.certificate.current === undefined ? [] : [certificatePath(bmc)],
    ),
});

export const certificate = nodeResource({
  path: '/redfish/v1/Managers/{manager}/NetworkProtocol/HTTPS/Certificates/{certificate}',
  schema: 'Certificate',
  volatile: true,
  read: ({ service, params }) => {
    const pem = service.certificate.current;
    if (pem === undefined || params.certificate !== certificateId) return undefined;
    return certificateBody(pem);
  },
});

function certificateBody(pem: string): JsonObject {
  const details = certificateDetails(pem);
  return {
    Id: certificateId,
    Name: 'HTTPS Certificate',
    CertificateType: pem.split('-----BEGIN').length > 2 ? 'PEMchain' : 'PEM',
    CertificateString: pem,
    CertificateUsageTypes: ['Web'],
    Subject: { ...nameBody(details.subject), AlternativeNames: alternativeNames(details) },
    Issuer: nameBody(details.issuer),
    ValidNotBefore: new Date(details.notBefore).toISOString(),
    ValidNotAfter: new Date(details.notAfter).toISOString(),
    KeyUsage: [
      ...details.keyUsage.map(usage => keyUsages[usage]),
      ...details.extendedKeyUsage.map(id => extendedKeyUsages[id]).filter(name => name !== undefined),
    ],
    SerialNumber: details.serialNumber,
    Fingerprint: details.fingerprint,
    FingerprintHashAlgorithm: 'TPM_ALG_SHA256',
  };
}

function nameBody(name: DistinguishedName): JsonObject {
  return {
    CommonName: name.commonName,
    Organization: name.organization,
    OrganizationalUnit: name.organizationalUnit,
    City: name.city,
    State: name.state,
    Country: name.country,
    Email: name.email,
  };
}

function alternativeNames({ alternativeNames: names }: CertificateDetails): readonly string[] | undefined {
  return names.length > 0 ? names : undefined;
}

const keyUsages: Readonly<Record<KeyUsage, string>> = {
  digitalSignature: 'DigitalSignature',
  nonRepudiation: 'NonRepudiation',
  keyEncipherment: 'KeyEncipherment',
  dataEncipherment: 'DataEncipherment',
  keyAgreement: 'KeyAgreement',
  keyCertSign: 'KeyCertSign',
  cRLSign: 'CRLSigning',
  encipherOnly: 'EncipherOnly',
  decipherOnly: 'DecipherOnly',
};

/** @see RFC 5280 §4.2.1.12 */
const extendedKeyUsages: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'ServerAuthentication',
  '1.3.6.1.5.5.7.3.2': 'ClientAuthentication',
  '1.3.6.1.5.5.7.3.3': 'CodeSigning',
  '1.3.6.1.5.5.7.3.4': 'EmailProtection',
  '1.3.6.1.5.5.7.3.8': 'Timestamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
};
