import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { DistinguishedName } from './certificate-details.ts';

/** What a key for a certificate is of. */
export type KeyKind =
  | { readonly type: 'ecdsa'; readonly curve: 'P-256' | 'P-384' }
  | { readonly type: 'rsa'; readonly bits: 2048 | 3072 | 4096 };

/** Of whom a certificate shall be. */
export interface RequestSubject extends DistinguishedName {
  readonly commonName: string;
  /** Host names and IP addresses. */
  readonly alternativeNames: readonly string[];
}

/** A new key, and the request to certify it. */
export interface SigningRequest {
  /** PEM, PKCS #8. Secret. */
  readonly key: string;
  /** PEM, PKCS #10. */
  readonly request: string;
}

/**
 * Makes a new key and asks for a certificate of it, for a TLS server.
 * @see RFC 2986
 */
export async function makeSigningRequest(subject: RequestSubject, kind: KeyKind): Promise<SigningRequest> {
  // Only who makes one pays for the library.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = algorithmOf(kind);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = subject.alternativeNames.map(value => ({
    type: isIP(value) ? ('ip' as const) : ('dns' as const),
    value,
  }));
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: distinguishedName(subject),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    },
    webcrypto,
  );
  return { key: await privateKeyPem(keys.privateKey), request: `${request.toString('pem')}\n` };
}

/** A private key as PEM, PKCS #8. */
export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
}

function algorithmOf(kind: KeyKind) {
  switch (kind.type) {
    case 'ecdsa':
      return {
        name: 'ECDSA',
        namedCurve: kind.curve,
        hash: kind.curve === 'P-256' ? 'SHA-256' : 'SHA-384',
      };
    case 'rsa':
      return {
        name: 'RSASSA-PKCS1-v1_5',
        modulusLength: kind.bits,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: 'SHA-256',
      };
  }
}

/** From the country down to the name, as certificates have it. */
function distinguishedName(subject: RequestSubject) {
  const parts: readonly (readonly [string, string | undefined])[] = [
    ['C', subject.country],
    ['ST', subject.state],
    ['L', subject.city],
    ['O', subject.organization],
    ['OU', subject.organizationalUnit],
    ['CN', subject.commonName],
    ['E', subject.email],
  ];
  return parts.flatMap(([type, value]) => (value ? [{ [type]: [value] }] : []));
}
