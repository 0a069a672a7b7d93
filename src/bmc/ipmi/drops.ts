/** Why a datagram was not answered. Nothing that comes from the network is an exception. */
export type DropReason =
  /** Sent from port 0, to which nothing can be sent. */
  | 'unanswerable'
  | 'too-short'
  | 'too-long'
  | 'not-rmcp'
  | 'rmcp-acknowledgement'
  | 'unknown-class'
  | 'not-a-ping'
  | 'bad-length'
  | 'bad-checksum'
  | 'not-for-us'
  | 'not-a-request'
  | 'unknown-payload-type'
  | 'unknown-session'
  | 'not-authenticated'
  | 'not-encrypted'
  | 'bad-authentication-code'
  | 'bad-encryption'
  | 'replayed'
  | 'duplicate-in-progress'
  | 'handshake-abandoned'
  | 'ipmi15-disabled'
  | 'restarting'
  | 'internal-error';

/** Counts dropped datagrams by reason; shared by as many BMCs as wanted. */
export class DropCounter {
  readonly counts: Partial<Record<DropReason, number>> = {};

  count(reason: DropReason): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
  }
}
