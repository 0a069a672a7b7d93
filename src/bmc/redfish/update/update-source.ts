/** An image of firmware that a client wants to be fetched. */
export interface UpdateRequest {
  /** http or https. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly verifyCertificate: boolean;
}

/** Where images of firmware are fetched from. */
export interface UpdateSource {
  /**
   * Asks for an image.
   * @returns its bytes as they come; whoever stops reading them early ends the exchange
   * @throws MediaError, also while it is read; the signal's reason when it aborts
   */
  open(request: UpdateRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
