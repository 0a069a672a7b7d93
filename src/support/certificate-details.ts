import { X509Certificate } from 'node:crypto';

/** A distinguished name, as its parts. */
export interface DistinguishedName {
  readonly commonName?: string | undefined;
  readonly organization?: string | undefined;
  readonly organizationalUnit?: string | undefined;
  readonly city?: string | undefined;
  readonly state?: string | undefined;
  /** Two letters. */
  readonly country?: string | undefined;
  readonly email?: string | undefined;
}

/** What a certificate says. */
export interface CertificateDetails {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** Host names and IP addresses. */
  readonly alternativeNames: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Hexadecimal pairs with colons. */
  readonly serialNumber: string;
  /** SHA-256, the same. */
  readonly fingerprint: string;
  /** What its key may be used for. @see RFC 5280 §4.2.1.3 */
  readonly keyUsage: readonly KeyUsage[];
  /** Object identifiers of what it is for. @see RFC 5280 §4.2.1.12 */
  readonly extendedKeyUsage: readonly string[];
}

const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

/** A use of a key, in the order of their bits. */
export type KeyUsage = (typeof keyUsages)[number];

/**
 * Reads a certificate.
 * @param pem - the first one counts
 * @throws Error of OpenSSL when it is none
 */
export function certificateDetails(pem: string): CertificateDetails {
  const certificate = new X509Certificate(pem);
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    alternativeNames: alternativeNames(certificate.subjectAltName ?? ''),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    serialNumber: certificate.serialNumber.replace(/..(?=.)/g, '$&:'),
    fingerprint: certificate.fingerprint256,
    keyUsage: keyUsageOf(certificate.raw),
    // Node's name for the extended one.
    extendedKeyUsage: certificate.keyUsage ?? [],
  };
}

/** OpenSSL's lines: `CN=node1`. */
function nameOf(text: string): DistinguishedName {
  const part = (type: string) =>
    text
      .split('\n')
      .find(line => line.startsWith(`${type}=`))
      ?.slice(type.length + 1);
  return {
    commonName: part('CN'),
    organization: part('O'),
    organizationalUnit: part('OU'),
    city: part('L'),
    state: part('ST'),
    country: part('C'),
    email: part('emailAddress'),
  };
}

/** OpenSSL's list: `DNS:node1, IP Address:192.0.2.1`; names with quotation marks are of no use to a TLS server. */
function alternativeNames(text: string): string[] {
  return text
    .split(', ')
    .map(entry => /^(?:DNS|IP Address):([^"]+)$/.exec(entry)?.[1])
    .filter(name => name !== undefined);
}

/** The extension's object identifier, 2.5.29.15, as DER. */
const keyUsageId = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x0f]);

/** Node does not tell this extension: `OID [BOOLEAN critical] OCTET STRING { BIT STRING }`. */
function keyUsageOf(der: Buffer): KeyUsage[] {
  const at = der.indexOf(keyUsageId);
  if (at < 0) return [];
  let here = at + keyUsageId.length;
  if (der[here] === 0x01) here += 3;
  const [octets = 0, , bits = 0, length = 0, , ...bytes] = der.subarray(here, here + 7);
  if (octets !== 0x04 || bits !== 0x03) return [];
  return keyUsages.filter(
    (_, bit) => bit < (length - 1) * 8 && ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0,
  );
}
