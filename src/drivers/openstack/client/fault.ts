import type { Clock } from '../../../support/clock.ts';
import type { ApiAnswer } from './answer.ts';
import { OpenStackError, type OpenStackErrorCode } from './api-error.ts';

// A page of HTML from a proxy must not fill a screen.
const longestMessage = 500;

/** The error that an answer with a status of 300 or more stands for. */
export function faultOf(answer: ApiAnswer, clock: Clock): OpenStackError {
  const { message, kind } = wordsOf(answer.text);
  const { status } = answer;
  const passing = status === 429 || status >= 500;
  return new OpenStackError(message ?? `${answer.asked.service} answered with HTTP status ${status}`, {
    ...answer.asked,
    code: codeOf(status, kind, message ?? ''),
    status,
    requestId: answer.requestId,
    // 501 and 505 are the answers of something that will never do it.
    passing: passing && status !== 501 && status !== 505,
    // 503 is said by a proxy without a backend or a service without Keystone, before anything is done.
    effect: answer.asked.changes && status >= 500 && status !== 503 ? 'unknown' : 'none',
    retryAfter: passing ? retryAfterOf(answer, clock) : undefined,
  });
}

function codeOf(status: number, kind: string | undefined, message: string): OpenStackErrorCode {
  // Quotas: Neutron says 409 OverQuota, Nova 403 "Quota exceeded", Cinder 413 overLimit.
  if (kind === 'OverQuota' || kind === 'overLimit' || status === 429) return 'over-limit';
  if (status === 403 && /quota exceeded/i.test(message)) return 'over-limit';
  switch (status) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
    case 410:
      return 'not-found';
    case 409:
      return 'conflict';
    case 413:
      return 'too-large';
    case 406:
    case 501:
      return 'not-supported';
    default:
      return status >= 400 && status < 500 ? 'bad-request' : 'server-fault';
  }
}

/**
 * The sentence in an error's body, and the name that the service gives to this kind of error. Nova and Cinder wrap it in
 * an object named after the kind, Neutron in `NeutronError`, Keystone in `error`; Glance answers with HTML.
 */
function wordsOf(text: string): { message: string | undefined; kind: string | undefined } {
  const body = parsed(text);
  if (body === undefined) return { message: shortened(plainText(text)), kind: undefined };
  for (const [name, value] of Object.entries(body)) {
    if (!isRecord(value) || typeof value.message !== 'string') continue;
    const kind = typeof value.type === 'string' ? value.type : name;
    return { message: shortened(value.message), kind };
  }
  // Microversion errors and some middlewares: {"errors": [{"title", "detail"}]}.
  const first = Array.isArray(body.errors) ? body.errors[0] : undefined;
  if (isRecord(first)) {
    const message = first.detail ?? first.title;
    if (typeof message === 'string') return { message: shortened(message), kind: undefined };
  }
  return { message: typeof body.message === 'string' ? shortened(body.message) : undefined, kind: undefined };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plainText(text: string): string {
  return text
    .replace(/<(head|style|script|h1)\b.*?<\/\1>/gis, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&quot;/g, '"')
    .replace(/&#x27;|&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}

function shortened(text: string): string | undefined {
  // Glance leaves line breaks of HTML in its JSON.
  const sentence = text
    .replace(/<br ?\/?>|\s/gi, ' ')
    .replace(/ +/g, ' ')
    .trim();
  if (sentence === '') return undefined;
  return sentence.length > longestMessage ? `${sentence.slice(0, longestMessage)}…` : sentence;
}

/** Retry-After in milliseconds from now; it is seconds or a date. @see RFC 9110, section 10.2.3 */
function retryAfterOf(answer: ApiAnswer, clock: Clock): number | undefined {
  const value = answer.header('retry-after');
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  // The date is by the server's clock, which need not be ours.
  return Number.isNaN(date) ? undefined : Math.max(date - (answer.date ?? clock.now()), 0);
}
