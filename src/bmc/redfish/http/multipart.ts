import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';

/** A part of a body that is made of several. */
export interface Part {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The form field's name. */
  readonly name: string;
  readonly fileName: string | undefined;
  /** To be read before the next part is asked for; what is left of it is skipped. */
  readonly content: AsyncIterable<Buffer>;
}

/** Most bytes of a part's headers, and of what stands before the first part. */
const longestHeaders = 8192;

const mostParts = 32;
const lineEnd = '\r\n';

/**
 * What separates the parts of a body.
 * @param contentType - of the request
 * @throws RedfishProblem 415 when it is no body of parts
 * @see RFC 2046 §5.1.1
 */
export function boundaryOf(contentType: string | undefined): string {
  const [, quoted, plain] =
    /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([\w'()+,./:=?-]{1,70}))\s*(?:;|$)/i.exec(
      contentType ?? '',
    ) ?? [];
  const boundary = quoted ?? plain;
  if (boundary !== undefined) return boundary;
  throw new RedfishProblem(415, message('Base.HeaderInvalid', ['Content-Type']));
}

/**
 * The parts of a body, one after the other; holds no more of it than comes at a time.
 * @throws RedfishProblem 400 when the body is not made as it should be
 * @see RFC 7578
 */
export async function* partsOf(body: AsyncIterable<Buffer>, boundary: string): AsyncGenerator<Part> {
  const reader = new Reader(body);
  // The first delimiter need not have a line before it.
  reader.unread(Buffer.from(lineEnd));
  const delimiter = Buffer.from(`${lineEnd}--${boundary}`);
  await reader.take(delimiter, longestHeaders);
  for (let count = 0; ; count++) {
    const rest = await reader.take(Buffer.from(lineEnd), longestHeaders);
    if (rest.toString().startsWith('--')) return;
    if (count >= mostParts || rest.toString().trim() !== '') throw malformed();
    const headers = await headersOf(reader);
    const disposition = headers['content-disposition'] ?? '';
    const content = reader.until(delimiter);
    yield {
      headers,
      name: parameterOf(disposition, 'name') ?? '',
      fileName: parameterOf(disposition, 'filename'),
      content,
    };
    // What the reader of the part has left.
    for await (const _ of content);
  }
}

/** Reads bytes up to a mark. */
class Reader {
  readonly #source: AsyncIterator<Buffer>;
  #left: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  unread(bytes: Buffer): void {
    this.#left = Buffer.concat([bytes, this.#left]);
  }

  /** The bytes before a mark, which is taken too. */
  async take(mark: Buffer, most: number): Promise<Buffer> {
    for (;;) {
      const place = this.#left.indexOf(mark);
      if (place >= 0) {
        const before = this.#left.subarray(0, place);
        this.#left = this.#left.subarray(place + mark.length);
        return before;
      }
      if (this.#left.length > most) throw malformed();
      await this.#more();
    }
  }

  /** The same as they come. Reading it again goes on where reading it has stopped. */
  until(mark: Buffer): AsyncIterable<Buffer> {
    let ended = false;
    const next = async (): Promise<Buffer> => {
      const place = this.#left.indexOf(mark);
      ended = place >= 0;
      // The end of what is there may be the beginning of the mark.
      const sure = ended ? place : Math.max(0, this.#left.length - mark.length + 1);
      const bytes = this.#left.subarray(0, sure);
      this.#left = this.#left.subarray(ended ? place + mark.length : sure);
      if (!ended) await this.#more();
      return bytes;
    };
    return {
      async *[Symbol.asyncIterator]() {
        while (!ended) {
          const bytes = await next();
          if (bytes.length > 0) yield bytes;
        }
      },
    };
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done) throw malformed();
    this.#left = this.#left.length === 0 ? value : Buffer.concat([this.#left, value]);
  }
}

async function headersOf(reader: Reader): Promise<Readonly<Record<string, string>>> {
  reader.unread(Buffer.from(lineEnd));
  const text = (await reader.take(Buffer.from(lineEnd + lineEnd), longestHeaders)).toString();
  const headers: Record<string, string> = {};
  for (const line of text.split(lineEnd).filter(Boolean)) {
    const colon = line.indexOf(':');
    if (colon < 1) throw malformed();
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}

function parameterOf(header: string, name: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, 'i').exec(header) ?? [];
  return quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
}

function malformed(): RedfishProblem {
  return new RedfishProblem(400, message('Base.MissingOrMalformedPart'));
}
