import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  CertificateStore,
  type KeptCertificate,
} from '../../../../src/bmc/redfish/access/certificate-store.ts';
import type { CertificateRequest } from '../../../../src/bmc/redfish/model.ts';
import { type Identity, makeIdentity } from '../../../../src/support/certificate.ts';
import { certificateDetails } from '../../../../src/support/certificate-details.ts';
import { VirtualClock } from '../../../../src/support/clock.ts';
import { memoryDocument } from '../../../../src/support/document.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 0, 1);
const valid = { notBefore: now - day, notAfter: now + 30 * day };
const wanted: CertificateRequest = {
  commonName: 'node1.example',
  organization: 'Example',
  country: 'DE',
  alternativeNames: ['node1.example', '192.0.2.7'],
  keyPairAlgorithm: 'TPM_ALG_ECDSA',
};

let first: Identity;
let second: Identity;

beforeAll(async () => {
  first = await makeIdentity({
    name: 'first',
    dnsNames: ['first.example'],
    addresses: ['192.0.2.1'],
    ...valid,
  });
  second = await makeIdentity({ name: 'second', ...valid });
});

const open = (document = memoryDocument<KeptCertificate>(), given?: Identity) =>
  CertificateStore.open({ document, clock: new VirtualClock(now), given, make: async () => first });

/** Certifies what a signing request asks for. */
async function sign(request: string, notAfter = valid.notAfter): Promise<string> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const csr = new x509.Pkcs10CertificateRequest(request);
  expect(await csr.verify(webcrypto)).toBe(true);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject: csr.subject,
      issuer: 'CN=Example CA',
      publicKey: csr.publicKey,
      signingKey: privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(valid.notBefore),
      notAfter: new Date(notAfter),
      extensions: csr.extensions,
    },
    webcrypto,
  );
  return certificate.toString('pem');
}

/** A certificate of a key that nobody trusts any more. */
async function shortKeyed(): Promise<Identity> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 512,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=short',
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(valid.notBefore),
      notAfter: new Date(valid.notAfter),
    },
    webcrypto,
  );
  const key = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  return { key, certificate: certificate.toString('pem') };
}

describe('CertificateStore', () => {
  test('takes none that TLS does not take, and stays as it is', async () => {
    const { key, certificate } = await shortKeyed();
    const document = memoryDocument<KeptCertificate>();
    const store = await open(document);
    await expect(store.replace(certificate, key)).rejects.toThrow(/TLS does not take it.*too small/);
    expect(store.identity).toEqual(first);
    expect(await document.read()).toMatchObject({ certificate: first.certificate });
  });

  test('makes a certificate once', async () => {
    const document = memoryDocument<KeptCertificate>();
    const store = await open(document);
    expect(store.identity).toEqual(first);
    const again = await CertificateStore.open({
      document,
      clock: new VirtualClock(now),
      make: () => Promise.reject(new Error('there is one')),
    });
    expect(again.identity).toEqual(first);
  });

  test('takes the certificate that came of its signing request, and tells so', async () => {
    const document = memoryDocument<KeptCertificate>();
    const store = await open(document);
    const heard: Identity[] = [];
    store.onReplace(identity => heard.push(identity));
    const certificate = await sign(await store.request(wanted));
    await store.replace(certificate, undefined);
    expect(certificateDetails(store.current)).toMatchObject({
      subject: { commonName: 'node1.example', organization: 'Example', country: 'DE' },
      issuer: { commonName: 'Example CA' },
      alternativeNames: ['node1.example', '192.0.2.7'],
    });
    const { key } = store.identity;
    expect(new X509Certificate(store.current).checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(heard).toEqual([store.identity]);
    expect((await open(document)).identity).toEqual(store.identity);
  });

  test('shows its certificate until the one that was asked for has come, over a restart too', async () => {
    const document = memoryDocument<KeptCertificate>();
    const request = await (await open(document)).request(wanted);
    const restarted = await open(document);
    expect(restarted.identity).toEqual(first);
    await restarted.replace(await sign(request), undefined);
    expect(certificateDetails(restarted.current).subject.commonName).toBe('node1.example');
  });

  test('makes requests of RSA keys', async () => {
    const store = await open();
    const request = await store.request({ ...wanted, keyPairAlgorithm: 'TPM_ALG_RSA', keyBitLength: 2048 });
    await store.replace(await sign(request), undefined);
    expect(new X509Certificate(store.current).publicKey.asymmetricKeyType).toBe('rsa');
  });

  test('takes a certificate with its key', async () => {
    const store = await open();
    await store.replace(second.certificate, second.key);
    expect(store.identity).toEqual(second);
  });

  test('keeps a chain, the server’s own certificate first', async () => {
    const store = await open();
    await store.replace(`${second.certificate}\n${first.certificate}`, second.key);
    expect(store.current).toBe(`${second.certificate}${first.certificate}`);
  });

  test.each([
    ['of another key', () => [second.certificate, undefined], 'a key that this service does not have'],
    ['with the wrong key', () => [second.certificate, first.key], 'the key is not the one'],
    ['with a broken key', () => [second.certificate, 'secret'], 'its key cannot be read'],
    ['that is no PEM', () => ['MIIB', second.key], 'not in PEM'],
    [
      'that is cut off',
      () => [`-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----`, second.key],
      'its text cannot be read',
    ],
  ] as [string, () => [string, string | undefined], string][])(
    'refuses a certificate %s, and keeps its own',
    async (_, made, reason) => {
      const store = await open();
      await expect(store.replace(...made())).rejects.toThrow(reason);
      expect(store.identity).toEqual(first);
    },
  );

  test('refuses a certificate that has expired', async () => {
    const store = await open();
    const old = await sign(await store.request(wanted), now - 1);
    await expect(store.replace(old, undefined)).rejects.toThrow('it was valid until');
  });

  test('lets a new certificate of the lab file replace what clients put there, and an old one not', async () => {
    const document = memoryDocument<KeptCertificate>();
    const store = await open(document, first);
    await store.replace(second.certificate, second.key);
    expect((await open(document, first)).identity).toEqual(second);
    const third = await makeIdentity({ name: 'third', ...valid });
    expect((await open(document, third)).identity).toEqual(third);
  });
});

describe('certificateDetails', () => {
  test('tells what a certificate says', () => {
    const details = certificateDetails(first.certificate);
    expect(details).toMatchObject({
      subject: { commonName: 'first' },
      issuer: { commonName: 'first' },
      alternativeNames: ['first.example', '192.0.2.1'],
      ...valid,
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
    });
    expect(details.serialNumber).toMatch(/^01(:[0-9A-F]{2}){15}$/);
  });
});
