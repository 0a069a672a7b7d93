import type { Clock } from '../../../../../src/support/clock.ts';

/** What started a machine's firmware. */
export type BootCause = 'power-on' | 'reset' | 'guest';

/** One start of a machine's firmware: what a test that plays the firmware gets to know. */
export interface Boot {
  readonly serverId: string;
  readonly serverName: string;
  /** MAC addresses of its network cards, in order. */
  readonly macs: readonly string[];
  /** Counts the boots of this machine from 1. */
  readonly number: number;
  readonly cause: BootCause;
  /** The disk that comes first; a rescued machine has its rescue image first. */
  readonly device: 'disk' | 'rescue';
  /** What that disk began as; `undefined` for a blank volume. */
  readonly imageId: string | undefined;
  readonly guest: Guest;
  /** Aborts when the machine is powered off or boots anew. */
  readonly signal: AbortSignal;
}

/** What runs in a server's machine, as a test scripts it; and the machine's true power, which Nova may not know. */
export class Guest {
  /** Milliseconds until it obeys the ACPI power button; `undefined` ignores it. */
  acpi: number | undefined;
  /** Everything that was written to the serial port. */
  console = '';
  /** How many non-maskable interrupts it got. */
  interrupts = 0;
  /** Gets what somebody types at the serial console. */
  onInput: ((data: Buffer) => void) | undefined;
  readonly #clock: Clock;
  readonly #announce: (cause: BootCause, number: number, signal: AbortSignal) => void;
  readonly #left: () => void;
  readonly #offListeners = new Set<() => void>();
  readonly #outputListeners = new Set<(text: string) => void>();
  #running: AbortController | undefined;
  #boots = 0;

  constructor(around: {
    readonly clock: Clock;
    readonly acpi: number | undefined;
    /** Tells that firmware starts. */
    readonly announce: (cause: BootCause, number: number, signal: AbortSignal) => void;
    /** Tells that the guest has powered itself off. */
    readonly left: () => void;
  }) {
    this.#clock = around.clock;
    this.acpi = around.acpi;
    this.#announce = around.announce;
    this.#left = around.left;
  }

  /** Whether the machine truly runs. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** How many times firmware has started. */
  get boots(): number {
    return this.#boots;
  }

  /** The guest powers the machine off, of its own accord. */
  powerOff(): void {
    if (!this.#running) return;
    this.cut();
    this.#left();
  }

  /** The guest resets the machine, of its own accord: firmware starts anew. Nova sees nothing of it. */
  reset(): void {
    if (this.#running) this.#boot('guest');
  }

  /** Writes to the serial port. */
  print(text: string): void {
    this.console += text;
    for (const listener of this.#outputListeners) listener(text);
  }

  /** @returns ends the subscription */
  onOutput(listener: (text: string) => void): () => void {
    this.#outputListeners.add(listener);
    return () => this.#outputListeners.delete(listener);
  }

  /** The hypervisor starts the machine; a running one is reset. */
  start(cause: BootCause): void {
    this.#boot(cause);
  }

  /** The hypervisor takes the power away. */
  cut(): void {
    this.#running?.abort();
    this.#running = undefined;
    for (const listener of [...this.#offListeners]) listener();
  }

  /** Presses the ACPI power button, and tells whether the machine is off within so many milliseconds. */
  askOff(within: number): Promise<boolean> {
    const run = this.#running;
    if (!run) return Promise.resolve(true);
    return new Promise(resolve => {
      const done = (off: boolean) => {
        this.#offListeners.delete(onOff);
        patience.cancel();
        resolve(off);
      };
      const onOff = () => done(true);
      const patience = this.#clock.after(within, () => done(false));
      this.#offListeners.add(onOff);
      if (this.acpi === undefined) return;
      this.#clock.after(this.acpi, () => {
        if (this.#running === run) this.cut();
      });
    });
  }

  #boot(cause: BootCause): void {
    this.#running?.abort();
    const run = new AbortController();
    this.#running = run;
    this.#boots++;
    this.#announce(cause, this.#boots, run.signal);
  }
}
