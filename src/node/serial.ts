/** A node's serial port, as its console, SOL and logs use it. Bytes flow whether or not anybody listens. */
export interface SerialPort {
  /**
   * What the machine has sent from when it was last powered on until this call, as far as it is kept (the newest
   * bytes). What it sends afterwards goes to who began to {@link listen} in the same turn: no gap, no doubling.
   */
  history(): Promise<Buffer>;
  /**
   * Delivers what the machine sends from now on.
   * @returns stops it
   */
  listen(listener: (bytes: Buffer) => void): () => void;
  /** Sends to the machine; bytes for a machine that is off are lost, as on a real port. */
  write(bytes: Uint8Array): void;
  /** A serial break. */
  sendBreak(): void;
}
