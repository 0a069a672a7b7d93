import type { SerialPort } from '../../node/serial.ts';

/** Newest bytes that are kept. */
const historyLimit = 16 * 1024;

/** The serial port of a simulated machine: says how it booted and answers what is typed, like a shell that only echoes. */
export class SimulatedSerial implements SerialPort {
  readonly passive = true;
  readonly #name: string;
  readonly #listeners = new Set<(bytes: Buffer) => void>();
  #history: Buffer = Buffer.alloc(0);

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Starts the console of a new boot.
   * @param hindrance - why it does not get to a login
   */
  powerOn(target: string, hindrance?: string): void {
    this.clear();
    const end = hindrance === undefined ? `${this.#name} login: ` : `${hindrance}\r\n`;
    this.say(`${this.#name}: simulated boot from ${target}\r\n${end}`);
  }

  /** Starts the console of a boot that says nothing. */
  clear(): void {
    this.#history = Buffer.alloc(0);
  }

  /** Sends from the machine. */
  say(text: string): void {
    this.#send(Buffer.from(text));
  }

  async history(): Promise<Buffer> {
    return this.#history;
  }

  listen(listener: (bytes: Buffer) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  write(bytes: Uint8Array): void {
    this.#send(Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\r', '\r\n'), 'latin1'));
  }

  sendBreak(): void {
    this.say('break received\r\n');
  }

  #send(bytes: Buffer): void {
    this.#history = Buffer.concat([this.#history, bytes]).subarray(-historyLimit);
    for (const listener of this.#listeners) listener(bytes);
  }
}
