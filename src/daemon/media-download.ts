import { type Dispatcher, request as httpRequest } from 'undici';
import { MediaError, type MediaRequest } from '../bmc/redfish/media/media-source.ts';
import type { Clock } from '../support/clock.ts';
import { withoutCredentials } from '../support/credentials.ts';
import type { Destinations } from '../support/destinations.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';

/** How a server says which version of something it sends. @see RFC 9110 §8.8 */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/** What is to be fetched. */
export interface DownloadRequest
  extends Pick<MediaRequest, 'url' | 'username' | 'password' | 'verifyCertificate'> {
  /** Of what is here already: if it is still the same, it does not come again. */
  readonly validators: Validators | undefined;
}

/** An answer of which the content is to be read. */
export interface Download extends AsyncDisposable {
  /** As it was asked for, without credentials. */
  readonly url: string;
  readonly validators: Validators;
  /** Bytes, where the server says so. */
  readonly size: number | undefined;
  /** Exactly as the server sends it; `undefined`: it is still the same. */
  readonly content: AsyncIterable<Uint8Array> | undefined;
}

/** How long a server may take to connect, to answer and from one piece to the next. Milliseconds. */
export const stallTimeout = 30_000;
const mostRedirects = 5;

/** Certificates that do not show who the server is. */
const untrusted = /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_)|_CERT_|HOSTNAME_MISMATCH/;

/**
 * Asks for an image, and follows where its server sends us.
 * @throws {@link MediaError}; the signal's reason when it aborts
 */
export async function openMedia(
  wanted: DownloadRequest,
  around: { readonly destinations: Destinations; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Download> {
  const { destinations, clock, signal } = around;
  const refusal = destinations.refusal(wanted.url);
  if (refusal !== undefined) throw new MediaError('refused', `${withoutCredentials(wanted.url)}: ${refusal}`);
  const { verifyCertificate } = wanted;
  const headers = headersOf(wanted);
  const url = withoutCredentials(wanted.url);
  const agent = destinations.agent({ verifyCertificate, timeout: stallTimeout });
  const patience = new Patience(clock, signal);
  const failed = (error: unknown) => failureOf(error, url, signal, patience);
  try {
    const answer = await follow(new URL(url), { headers, agent, destinations, patience, verifyCertificate });
    return {
      url,
      ...contentOf(answer, url, () => pieces(answer.body, patience, failed)),
      [Symbol.asyncDispose]: () => {
        patience.end();
        return agent.destroy();
      },
    };
  } catch (error) {
    patience.end();
    await agent.destroy();
    throw failed(error);
  }
}

/** What a request goes with, wherever it is sent. */
interface Trip {
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Dispatcher;
  readonly destinations: Destinations;
  readonly patience: Patience;
  readonly verifyCertificate: boolean;
}

async function follow(start: URL, trip: Trip): Promise<Dispatcher.ResponseData> {
  const { agent, destinations, patience, verifyCertificate } = trip;
  let url = start;
  for (let redirects = 0; ; redirects++) {
    const { authorization, ...others } = trip.headers;
    const own = url.origin === start.origin && authorization !== undefined ? { authorization } : {};
    const answer = await patience.of(signal =>
      httpRequest(url, {
        dispatcher: agent,
        headers: { ...others, ...own },
        signal,
        // One patience for all of it.
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
    );
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.statusCode) || typeof location !== 'string') return answer;
    await answer.body.dump({ limit: 16_384 }).catch(() => undefined);
    if (redirects === mostRedirects) throw new MediaError('refused', `more than ${mostRedirects} redirects`);
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    const refusal = destinations.refusal(next?.href ?? location);
    if (!next || refusal !== undefined) throw new MediaError('refused', `redirected: ${refusal}`);
    if (verifyCertificate && url.protocol === 'https:' && next.protocol === 'http:')
      throw new MediaError('refused', 'redirected from https to http');
    url = next;
  }
}

function contentOf(
  answer: Dispatcher.ResponseData,
  url: string,
  content: () => AsyncIterable<Uint8Array>,
): Pick<Download, 'validators' | 'size' | 'content'> {
  const { statusCode: status, headers } = answer;
  const validators = { etag: text(headers.etag), lastModified: text(headers['last-modified']) };
  if (status === 304) return { validators, size: undefined, content: undefined };
  if (status === 401 || status === 403 || status === 407)
    throw new MediaError('unauthorized', `${url}: its server says ${status}`);
  if (status === 404 || status === 410) throw new MediaError('not-found', `${url}: there is nothing`);
  if (status !== 200) throw new MediaError('unreachable', `${url}: its server says ${status}`);
  const type = text(headers['content-type'])?.split(';')[0]?.trim().toLowerCase();
  if (type === 'text/html' || type === 'application/xhtml+xml')
    throw new MediaError('not-an-image', `${url} is a web page`);
  const length = text(headers['content-length']);
  return { validators, size: length === undefined ? undefined : Number(length), content: content() };
}

async function* pieces(
  body: AsyncIterable<Uint8Array>,
  patience: Patience,
  failed: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  const reader = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await patience.of(() => reader.next());
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw failed(error);
  } finally {
    patience.end();
  }
}

/** Ends an exchange in which nothing has come for too long, or whose signal aborts. */
class Patience {
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #abort = () => this.#over.abort();
  late = false;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    if (signal.aborted) this.#abort();
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  /** Waits for one step. */
  async of<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timer = this.#clock.after(stallTimeout, () => {
      this.late = true;
      this.#abort();
    });
    try {
      return await step(this.#over.signal);
    } finally {
      timer.cancel();
    }
  }

  end(): void {
    this.#signal.removeEventListener('abort', this.#abort);
  }
}

function failureOf(error: unknown, url: string, signal: AbortSignal, patience: Patience): unknown {
  if (signal.aborted) return signal.reason;
  if (patience.late)
    return new MediaError('interrupted', `${url}: nothing came for ${stallTimeout / 1000} seconds`, error);
  if (error instanceof MediaError) {
    return error.message.startsWith(url) ? error : new MediaError(error.kind, `${url}: ${error.message}`);
  }
  if (error instanceof QuintupleoError && error.code === 'DESTINATION_REFUSED')
    return new MediaError('refused', `${url}: ${error.message}`, error);
  const code = systemCodeOf(error) ?? '';
  const why = messageOf(error) || code;
  if (untrusted.test(code))
    return new MediaError('untrusted', `${url}: its server is not to be trusted: ${why}`, error);
  const broken = code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code.includes('CONTENT_LENGTH');
  return new MediaError(broken ? 'interrupted' : 'unreachable', `${url}: ${why}`, error);
}

function headersOf(wanted: DownloadRequest): Record<string, string> {
  const { validators } = wanted;
  const url = new URL(wanted.url);
  const username = wanted.username ?? decoded(url.username);
  const password = wanted.password ?? decoded(url.password);
  const secret = Buffer.from(`${username}:${password}`).toString('base64');
  return {
    // Content is kept byte for byte: whoever packs it for the way would have us unpack it.
    'accept-encoding': 'identity',
    'user-agent': 'quintupleo',
    ...(username === '' ? {} : { authorization: `Basic ${secret}` }),
    ...(validators?.etag === undefined ? {} : { 'if-none-match': validators.etag }),
    ...(validators?.lastModified === undefined ? {} : { 'if-modified-since': validators.lastModified }),
  };
}

/** What is encoded wrongly stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
