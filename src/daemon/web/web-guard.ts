import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Headers of every answer. @see https://www.w3.org/TR/CSP3/ */
export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // A screen's mouse pointer and its compressed parts are data: URLs.
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
};

/**
 * Whether the name by which a client has found us can be ours. A page of somebody else, whose own name leads here since
 * a moment ago (DNS rebinding), comes by that name; addresses and this host's name are nobody else's to point. Under TLS
 * it may be this host's name in any domain: for one of theirs, browsers do not take our certificate.
 */
export function isOurHost(host: string | undefined, tls: boolean): boolean {
  if (host === undefined) return false;
  let url: URL;
  try {
    url = new URL(`http://${host}`);
  } catch {
    return false;
  }
  // Credentials, a path or the like in the header: nothing that a browser sends.
  if (url.host === '' || url.href !== `http://${url.host}/` || url.username !== '') return false;
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const own = hostname().toLowerCase();
  if (isIP(name) !== 0 || name === 'localhost' || name === own) return true;
  return tls && name.split('.')[0] === own.split('.')[0];
}

/**
 * Whether a request comes from one of our own pages. Browsers say so themselves with every request that changes
 * something and with every WebSocket.
 */
export function isOwnOrigin(headers: Pick<IncomingHttpHeaders, 'origin' | 'host'>, tls: boolean): boolean {
  const { origin, host } = headers;
  if (origin === undefined || host === undefined) return false;
  return origin.toLowerCase() === `${tls ? 'https' : 'http'}://${host.toLowerCase()}`;
}

/** The value of a cookie; `undefined`: there is none of that name. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [key, ...value] = pair.split('=');
    if (key?.trim() === name) return value.join('=').trim();
  }
  return undefined;
}
