/** A request as the service sees it, whatever brought it. */
export interface RedfishRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Bytes of the body as they come; to be read within limits. */
  readonly body: AsyncIterable<Buffer>;
  readonly remote: string;
  /** The client's TCP port, where it has one. */
  readonly remotePort?: number | undefined;
  /** Aborts when the client has gone, or the service ends. */
  readonly signal: AbortSignal;
}

/** An answer. */
export interface RedfishResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream ends when the client has gone, or by itself. */
  readonly body: Buffer | AsyncIterable<Buffer | string> | undefined;
}
