import type { HashName } from './crypto.ts';

/**
 * Cipher suites that a session may be protected with.
 * @see IPMI 2.0 §22.15.2, tables 13-17 to 13-20
 */
export interface CipherSuite {
  readonly id: number;
  /** RAKP-HMAC-SHA1 (1) or RAKP-HMAC-SHA256 (3). */
  readonly authentication: 1 | 3;
  /** None (0), HMAC-SHA1-96 (1) or HMAC-SHA256-128 (4). */
  readonly integrity: 0 | 1 | 4;
  /** None (0) or AES-CBC-128 (1). */
  readonly confidentiality: 0 | 1;
  readonly hash: HashName;
  /** Bytes of RAKP 4's integrity check value and, where there is integrity, of packets' authentication codes. */
  readonly codeLength: 12 | 16;
}

/** Those that can be had, strongest first. Suite 0, which asks for no password, is not among them; nor are MD5's and RC4's. */
export const cipherSuites: readonly CipherSuite[] = [
  { id: 17, authentication: 3, integrity: 4, confidentiality: 1, hash: 'sha256', codeLength: 16 },
  { id: 3, authentication: 1, integrity: 1, confidentiality: 1, hash: 'sha1', codeLength: 12 },
  { id: 16, authentication: 3, integrity: 4, confidentiality: 0, hash: 'sha256', codeLength: 16 },
  { id: 2, authentication: 1, integrity: 1, confidentiality: 0, hash: 'sha1', codeLength: 12 },
  { id: 15, authentication: 3, integrity: 0, confidentiality: 0, hash: 'sha256', codeLength: 16 },
  { id: 1, authentication: 1, integrity: 0, confidentiality: 0, hash: 'sha1', codeLength: 12 },
];

/** What a client proposes; `undefined` leaves the choice to the BMC. */
export interface AlgorithmProposal {
  readonly authentication: number | undefined;
  readonly integrity: number | undefined;
  readonly confidentiality: number | undefined;
}

/** The strongest suite that is allowed and fits a proposal. */
export function chooseCipherSuite(
  allowed: readonly number[],
  proposal: AlgorithmProposal,
): CipherSuite | undefined {
  return cipherSuites.find(
    suite =>
      allowed.includes(suite.id) &&
      (proposal.authentication ?? suite.authentication) === suite.authentication &&
      (proposal.integrity ?? suite.integrity) === suite.integrity &&
      (proposal.confidentiality ?? suite.confidentiality) === suite.confidentiality,
  );
}
