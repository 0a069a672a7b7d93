/** A node's serial port, as its console, SOL and logs use it. Bytes flow whether or not anybody listens. */
export interface SerialPort {
  /** Whether listening costs nothing worth counting: no platform is asked for what the machine sends. */
  readonly passive?: boolean | undefined;
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

/**
 * Delivers what a machine has sent since it was last powered on, as far as it is kept, and then what it sends: without
 * a gap, nothing twice. The first call has the history, comes after this has returned, and may be empty.
 * @returns stops it
 */
export function follow(serial: SerialPort, listener: (bytes: Buffer) => void): () => void {
  let early: Buffer[] | undefined = [];
  let stopped = false;
  const stop = serial.listen(bytes => {
    if (early) early.push(bytes);
    else listener(bytes);
  });
  const begin = (history: Buffer) => {
    const first = Buffer.concat([history, ...(early ?? [])]);
    early = undefined;
    if (!stopped) listener(first);
  };
  // A history that cannot be read does not keep anybody from what comes.
  serial.history().then(begin, () => begin(Buffer.alloc(0)));
  return () => {
    stopped = true;
    stop();
  };
}
