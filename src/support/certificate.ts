import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { privateKeyPem } from './certificate-request.ts';
import type { Document } from './document.ts';

/** A private key and the certificate that goes with it. */
export interface Identity {
  /** PEM, PKCS #8. Secret. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
}

/** What a self-signed certificate says. */
export interface CertificateSubject {
  /** Of whom it is: the common name. */
  readonly name: string;
  /** Host names and IP addresses under which it is met. */
  readonly dnsNames?: readonly string[] | undefined;
  readonly addresses?: readonly string[] | undefined;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * Makes a new key and a certificate that it signs itself, for a TLS server or client: ECDSA on P-256.
 * @see RFC 5280 §4
 */
export async function makeIdentity(subject: CertificateSubject): Promise<Identity> {
  // Only who makes one pays for the library.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = [
    ...(subject.dnsNames ?? []).map(value => ({ type: 'dns' as const, value })),
    ...(subject.addresses ?? []).map(value => ({ type: 'ip' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      // Positive, as the standard has it, and never the same twice.
      serialNumber: `01${randomBytes(15).toString('hex')}`,
      name: [{ CN: [subject.name] }],
      notBefore: new Date(subject.notBefore),
      notAfter: new Date(subject.notAfter),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    },
    webcrypto,
  );
  return { key: await privateKeyPem(keys.privateKey), certificate: `${certificate.toString('pem')}\n` };
}

/** The identity that a document keeps; made, and kept, when there is none yet. */
export async function keptIdentity(
  document: Document<Identity>,
  subject: () => CertificateSubject,
): Promise<Identity> {
  const kept = await document.read();
  if (kept) return kept;
  const made = await makeIdentity(subject());
  await document.write(made);
  return made;
}

/** SHA-256 of a certificate as people compare it: upper-case hexadecimal pairs with colons. */
export function fingerprintOf(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256;
}
