import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** What a client asks with. */
export interface RedfishQuestion {
  readonly method?: string | undefined;
  readonly body?: unknown;
  /** Of the certificate that the service must show. */
  readonly fingerprint?: string | undefined;
  readonly login?: { readonly name: string; readonly password: string } | undefined;
  readonly token?: string | undefined;
}

/** What a service answered. */
export interface RedfishAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks a Redfish service over the network, and makes sure that it is the right one. */
export function askRedfish(url: URL, question: RedfishQuestion): Promise<RedfishAnswer> {
  const { method = 'GET', body, fingerprint, login, token } = question;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(login && {
      authorization: `Basic ${Buffer.from(`${login.name}:${login.password}`).toString('base64')}`,
    }),
    ...(token !== undefined && { 'x-auth-token': token }),
    ...(text !== undefined && { 'content-type': 'application/json', 'content-length': text.length }),
  };
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: false, rejectUnauthorized: false };
    const outgoing = url.protocol === 'https:' ? tlsRequest(url, options) : plainRequest(url, options);
    outgoing.on('error', reject);
    outgoing.on('response', incoming => {
      const shown = (incoming.socket as TLSSocket).getPeerX509Certificate?.()?.fingerprint256;
      if (shown !== fingerprint) reject(new Error(`it is ${shown}, not ${fingerprint}`));
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const content = Buffer.concat(chunks).toString();
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: content.startsWith('{') ? JSON.parse(content) : {},
        });
      });
    });
    outgoing.end(text);
  });
}
