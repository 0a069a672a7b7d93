import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CertificateStore } from '../../../../src/bmc/redfish/access/certificate-store.ts';
import { type Identity, makeIdentity } from '../../../../src/support/certificate.ts';
import { VirtualClock } from '../../../../src/support/clock.ts';
import { memoryDocument } from '../../../../src/support/document.ts';
import { createFixture, type Fixture } from '../fixture.ts';
import { expectValid } from '../validate.ts';

const collection = '/redfish/v1/Managers/n1/NetworkProtocol/HTTPS/Certificates';
const actions = '/redfish/v1/CertificateService/Actions/CertificateService';
const year = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2027, 0, 1) };

let first: Identity;
let second: Identity;
let store: CertificateStore;
let fixture: Fixture;

beforeAll(async () => {
  first = await makeIdentity({ name: 'lab', dnsNames: ['lab.example'], addresses: ['192.0.2.1'], ...year });
  second = await makeIdentity({ name: 'new', ...year });
});

beforeEach(async () => {
  const clock = new VirtualClock();
  store = await CertificateStore.open({ document: memoryDocument(), clock, make: async () => first });
  fixture = await createFixture({ service: { certificate: store } });
});

const get = async (path: string) => (await fixture.ask('GET', path)).body;
const replace = (more: object) =>
  fixture.ask('POST', `${actions}.ReplaceCertificate`, {
    CertificateUri: { '@odata.id': `${collection}/1` },
    CertificateType: 'PEM',
    CertificateString: `${second.certificate}${second.key}`,
    ...more,
  });
const generate = (more: object = {}) =>
  fixture.ask('POST', `${actions}.GenerateCSR`, {
    CertificateCollection: { '@odata.id': collection },
    CommonName: 'node1.example',
    ...more,
  });

describe('CertificateService', () => {
  test('says where certificates are', async () => {
    expect(await get('/redfish/v1/CertificateService/CertificateLocations')).toMatchObject({
      Links: {
        Certificates: [
          { '@odata.id': `${collection}/1` },
          { '@odata.id': '/redfish/v1/Managers/n2/NetworkProtocol/HTTPS/Certificates/1' },
        ],
      },
    });
    expect(await get(collection)).toMatchObject({ 'Members@odata.count': 1 });
  });

  test('shows what the certificate says, and no key', async () => {
    const body = await get(`${collection}/1`);
    expect(body).toMatchObject({
      CertificateType: 'PEM',
      CertificateString: first.certificate,
      Subject: { CommonName: 'lab', AlternativeNames: ['lab.example', '192.0.2.1'] },
      Issuer: { CommonName: 'lab' },
      ValidNotBefore: '2026-01-01T00:00:00.000Z',
      ValidNotAfter: '2027-01-01T00:00:00.000Z',
      KeyUsage: ['DigitalSignature', 'ServerAuthentication', 'ClientAuthentication'],
      Fingerprint: new X509Certificate(first.certificate).fingerprint256,
    });
    expect(JSON.stringify(body)).not.toContain('PRIVATE');
    expectValid(body);
    expectValid(await get('/redfish/v1/CertificateService'));
  });

  test('has none where the service has no TLS', async () => {
    fixture = await createFixture();
    expect(await get(collection)).toMatchObject({ 'Members@odata.count': 0 });
    expect((await fixture.ask('GET', `${collection}/1`)).status).toBe(404);
    expect((await replace({})).status).toBe(400);
  });

  test('replaces the certificate together with its key', async () => {
    expect((await replace({})).status).toBe(204);
    expect(store.identity.certificate).toBe(second.certificate);
    expect(await get(`${collection}/1`)).toMatchObject({ Subject: { CommonName: 'new' } });
    expect(await get('/redfish/v1/Managers/n2/NetworkProtocol/HTTPS/Certificates/1')).toMatchObject({
      Subject: { CommonName: 'new' },
    });
  });

  test('makes a signing request, and takes what comes of it', async () => {
    const { status, body } = await generate({ AlternativeNames: ['node1.example', '192.0.2.7'] });
    expect(status).toBe(200);
    expect(body.CertificateCollection).toEqual({ '@odata.id': collection });
    const signed = await sign(String(body.CSRString));
    expect((await replace({ CertificateString: signed })).status).toBe(204);
    expect(await get(`${collection}/1`)).toMatchObject({
      Subject: { CommonName: 'node1.example', AlternativeNames: ['node1.example', '192.0.2.7'] },
    });
    const key = createPublicKey(createPrivateKey(store.identity.key));
    expect(new X509Certificate(signed).publicKey.equals(key)).toBe(true);
  });

  test.each([
    [{ CertificateString: 'nonsense' }, 'not in PEM', '/CertificateString'],
    [{ CertificateString: '' }, 'CertificateString', '/CertificateString'],
    [{ CertificateType: 'PKCS12' }, 'ActionParameterValueNotInList', '/CertificateType'],
    [{ CertificateUri: { '@odata.id': '/redfish/v1' } }, 'ActionParameterValueNotInList', '/CertificateUri'],
  ])('does not take %j', async (more, reason, pointer) => {
    const { status, text } = await replace(more);
    expect(status).toBe(400);
    expect(text).toContain(reason);
    expect(text).toContain(pointer);
    expect(store.identity).toEqual(first);
  });

  test('says that the key of a certificate is missing', async () => {
    const { status, text } = await replace({ CertificateString: second.certificate });
    expect(status).toBe(400);
    expect(text).toContain('a key that this service does not have');
  });

  test.each([
    [{ KeyPairAlgorithm: 'TPM_ALG_RSA', KeyCurveId: 'TPM_ECC_NIST_P256' }, '/KeyCurveId'],
    [{ KeyPairAlgorithm: 'TPM_ALG_ECDSA', KeyBitLength: 2048 }, '/KeyBitLength'],
    [{ KeyBitLength: 512 }, '/KeyBitLength'],
    [{ Country: 'Germany' }, '/Country'],
    [{ AlternativeNames: ['a b'] }, '/AlternativeNames/0'],
    [{ CertificateCollection: { '@odata.id': '/redfish/v1' } }, '/CertificateCollection'],
    [{ ChallengePassword: 'x' }, '/ChallengePassword'],
  ])('makes no request with %j', async (more, pointer) => {
    const { status, text } = await generate(more);
    expect(status).toBe(400);
    expect(text).toContain(pointer);
  });

  test('is for administrators alone', async () => {
    const authorization = `Basic ${Buffer.from('bob:reader').toString('base64')}`;
    const path = `${actions}.GenerateCSR`;
    expect((await fixture.ask('POST', path, { CommonName: 'x' }, { authorization })).status).toBe(403);
  });
});

/** Certifies what a signing request asks for. */
async function sign(request: string): Promise<string> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const csr = new x509.Pkcs10CertificateRequest(request);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.create(
    {
      subject: csr.subject,
      issuer: 'CN=Example CA',
      publicKey: csr.publicKey,
      signingKey: privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(year.notBefore),
      notAfter: new Date(year.notAfter),
      extensions: csr.extensions,
    },
    webcrypto,
  );
  return made.toString('pem');
}
