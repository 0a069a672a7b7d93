import type { PowerState } from '../node/power.ts';
import type { Firmware } from '../node/spec.ts';
import { QuintupleoError } from '../support/errors.ts';
import type { RunProgram } from '../support/program.ts';

/** A BMC and a user of it who may control the chassis. */
export interface BmcAccess {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Asked for when it is needed. */
  readonly password: () => Promise<string>;
}

/** The boot flags that a BMC holds. @see IPMI 2.0 table 28-14 */
export interface BootFlags {
  /** Whether the next boot heeds them. */
  readonly valid: boolean;
  /** Boot device selector. */
  readonly device: number;
}

/** Boot device selectors of {@link BootFlags}. */
export const bootDevices = { pxe: 1, disk: 2 };

/** ipmitool itself repeats what is not answered, for about 20 s. */
const commandTimeout = 60_000;

/** One BMC through the program ipmitool, over IPMI 2.0: what anybody else would use. */
export class Ipmitool {
  readonly #bmc: BmcAccess;
  readonly #run: RunProgram;
  readonly #signal: AbortSignal | undefined;

  constructor(bmc: BmcAccess, run: RunProgram, signal?: AbortSignal) {
    this.#bmc = bmc;
    this.#run = run;
    this.#signal = signal;
  }

  async powerStatus(): Promise<PowerState> {
    const output = await this.#command('chassis', 'power', 'status');
    return output.includes('Power is on') ? 'on' : output.includes('Power is off') ? 'off' : 'unknown';
  }

  async power(action: 'on' | 'off' | 'cycle'): Promise<void> {
    await this.#command('chassis', 'power', action);
  }

  /** The next boot, and only that one, is from there. */
  async bootOnceFrom(device: keyof typeof bootDevices, firmware: Firmware): Promise<void> {
    const options = firmware === 'uefi' ? ['options=efiboot'] : [];
    await this.#command('chassis', 'bootdev', device, ...options);
  }

  async bootFlags(): Promise<BootFlags> {
    const output = await this.#command('chassis', 'bootparam', 'get', '5');
    const data = /^Boot parameter data: ([0-9a-f]{10})$/m.exec(output)?.[1];
    if (data === undefined) throw failure(`ipmitool shows no boot flags: ${output.trim()}`);
    const [first = 0, second = 0] = Buffer.from(data, 'hex');
    return { valid: (first & 0x80) !== 0, device: (second >> 2) & 0x0f };
  }

  async #command(...command: readonly string[]): Promise<string> {
    const { address, port, user, password } = this.#bmc;
    const where = ['-I', 'lanplus', '-H', address, '-p', String(port), '-U', user];
    // By the environment: every user of the machine can read the arguments.
    const env = { IPMI_PASSWORD: await password() };
    const result = await this.#run('ipmitool', [...where, '-E', ...command], {
      env,
      timeout: commandTimeout,
      signal: this.#signal,
    });
    if (result.status === 0) return result.stdout;
    const why =
      result.status === undefined ? 'it did not end in time' : result.stderr.trim() || result.stdout.trim();
    throw failure(`"ipmitool ${command.join(' ')}" on ${address} port ${port} failed: ${why}`);
  }
}

function failure(message: string): QuintupleoError {
  return new QuintupleoError(message, { family: 'platform', code: 'IPMITOOL_FAILED' });
}
