import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { fingerprintOf, type Identity } from '../../../support/certificate.ts';
import { type KeyKind, makeSigningRequest } from '../../../support/certificate-request.ts';
import type { Clock } from '../../../support/clock.ts';
import type { Document } from '../../../support/document.ts';
import { messageOf, QuintupleoError } from '../../../support/errors.ts';
import type { CertificateRequest, Certificates } from '../model.ts';

/** What is kept of a service's certificate. Secret. */
export interface KeptCertificate extends Identity {
  /** Key of the latest signing request, PEM: its certificate may still come. */
  readonly requestKey?: string | undefined;
  /** Fingerprint of the certificate that the lab file gave, if it gave one. */
  readonly given?: string | undefined;
}

/** What a {@link CertificateStore} works with. */
export interface CertificateParts {
  readonly document: Document<KeptCertificate>;
  readonly clock: Clock;
  /** The lab file's own. A new one takes the place of what clients have put there meanwhile. */
  readonly given?: Identity | undefined;
  /** Makes one where there is none. */
  readonly make: () => Promise<Identity>;
}

/** More of a chain than anybody needs. */
const longestChain = 8;

/** The key and the certificate of a service, as clients may replace them. */
export class CertificateStore implements Certificates {
  readonly #document: Document<KeptCertificate>;
  readonly #clock: Clock;
  readonly #listeners = new Set<(identity: Identity) => void>();
  #kept: KeptCertificate;

  private constructor({ document, clock }: CertificateParts, kept: KeptCertificate) {
    this.#document = document;
    this.#clock = clock;
    this.#kept = kept;
  }

  static async open(parts: CertificateParts): Promise<CertificateStore> {
    const { document, given, make } = parts;
    const kept = await document.read();
    const fingerprint = given && fingerprintOf(given.certificate);
    if (kept && kept.given === fingerprint) return new CertificateStore(parts, kept);
    const identity = given ?? (await make());
    const fresh = { key: identity.key, certificate: identity.certificate, given: fingerprint };
    await document.write(fresh);
    return new CertificateStore(parts, fresh);
  }

  /** What the service's TLS shows. */
  get identity(): Identity {
    const { key, certificate } = this.#kept;
    return { key, certificate };
  }

  get current(): string {
    return this.#kept.certificate;
  }

  /**
   * Calls back with every new certificate, once it is on disk.
   * @returns stops it
   */
  onReplace(listener: (identity: Identity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws QuintupleoError `CERTIFICATE_UNUSABLE` */
  async replace(certificate: string, key: string | undefined): Promise<void> {
    const chain = chainOf(certificate);
    const [leaf] = chain;
    if (Date.parse(leaf.validTo) <= this.#clock.now()) throw unusable(`it was valid until ${leaf.validTo}`);
    const keys = key === undefined ? [this.#kept.requestKey, this.#kept.key] : [key];
    const fitting = keys.find(pem => pem !== undefined && leaf.checkPrivateKey(readKey(pem)));
    if (fitting === undefined) {
      throw unusable(
        key === undefined
          ? 'it is of a key that this service does not have: neither of its latest signing request nor of the certificate before'
          : 'the key is not the one that it is of',
      );
    }
    const identity = { key: fitting, certificate: chain.map(link => link.toString()).join('') };
    checkServes(identity);
    const { requestKey, given } = this.#kept;
    await this.#keep({ ...identity, given, requestKey: fitting === requestKey ? undefined : requestKey });
    for (const listener of this.#listeners) listener(identity);
  }

  async request({ keyPairAlgorithm, keyBitLength, curve, ...subject }: CertificateRequest): Promise<string> {
    const kind: KeyKind =
      keyPairAlgorithm === 'TPM_ALG_RSA'
        ? { type: 'rsa', bits: keyBitLength ?? 2048 }
        : { type: 'ecdsa', curve: curve ?? 'P-256' };
    const { key, request } = await makeSigningRequest(subject, kind);
    await this.#keep({ ...this.#kept, requestKey: key });
    return request;
  }

  async #keep(kept: KeptCertificate): Promise<void> {
    await this.#document.write(kept);
    this.#kept = kept;
  }
}

/** The certificates of a text, the server's own first. */
function chainOf(text: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > longestChain) throw unusable(`it has more than ${longestChain} certificates`);
  const [leaf, ...others] = blocks.map(block => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw unusable('its text cannot be read', error);
    }
  });
  if (!leaf) throw unusable('it is not in PEM: there is no BEGIN CERTIFICATE');
  return [leaf, ...others];
}

/** What TLS does not take, such as a key that is too short, would keep the service away from its next start on. */
function checkServes({ key, certificate }: Identity): void {
  try {
    createSecureContext({ key, cert: certificate });
  } catch (error) {
    throw unusable(`TLS does not take it (${messageOf(error)})`, error);
  }
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw unusable('its key cannot be read', error);
  }
}

function unusable(reason: string, cause?: unknown): QuintupleoError {
  return new QuintupleoError(`the certificate cannot be used: ${reason}`, {
    family: 'user',
    code: 'CERTIFICATE_UNUSABLE',
    remedy: 'Give a certificate in PEM whose key this service has, by GenerateCSR, or give its key with it.',
    cause,
  });
}
