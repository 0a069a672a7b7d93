import { connect, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Identity } from './certificate.ts';
import { QuintupleoError } from './errors.ts';

/**
 * TLS between two that know each other: each has a certificate that it signed itself, and knows the fingerprint of
 * the other's. Names, dates and authorities are of no importance; the handshake shows that the other has the key.
 */

/** How a server is set up so that {@link isPeer} can tell who came. */
export function pinnedServerOptions({ key, certificate }: Identity): TlsOptions {
  return {
    key,
    cert: certificate,
    minVersion: 'TLSv1.3',
    requestCert: true,
    // No authority vouches for the client: its fingerprint is compared.
    rejectUnauthorized: false,
  };
}

/** Whether the other side showed the certificate that has this fingerprint. */
export function isPeer(socket: TLSSocket, fingerprint: string): boolean {
  return socket.getPeerX509Certificate()?.fingerprint256 === fingerprint;
}

/** Whom to connect to. */
export interface PinnedPeer {
  readonly host: string;
  readonly port: number;
  readonly fingerprint: string;
}

/**
 * Connects, and makes sure of the other side before anything is sent to it.
 * @param timeout - milliseconds
 * @throws QuintupleoError `PEER_IS_ANOTHER`; the socket's own errors
 */
export function connectPinned(
  peer: PinnedPeer,
  { key, certificate }: Identity,
  timeout: number,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { host, port } = peer;
    const socket = connect({
      host,
      port,
      key,
      cert: certificate,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
    });
    const refuse = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeout, () => refuse(new Error(`${host}:${port} did not answer in time`)));
    socket.once('error', refuse);
    socket.once('secureConnect', () => {
      if (!isPeer(socket, peer.fingerprint)) return refuse(another(peer));
      socket.setTimeout(0);
      socket.off('error', refuse);
      resolve(socket);
    });
  });
}

function another({ host, port }: PinnedPeer): QuintupleoError {
  return new QuintupleoError(`${host}:${port} shows another certificate than it had before`, {
    family: 'peer',
    code: 'PEER_IS_ANOTHER',
    remedy:
      'Somebody else answers at that address, or it was made anew by somebody else: look at its console.',
  });
}
