import { type DhcpNote, followDhcpLog } from '../host/dhcp-log.ts';
import { type MachineId, machineId, type Observation } from '../node/driver.ts';
import type { LabSpec } from '../node/spec.ts';
import { messageOf, systemCodeOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';

/** What a lab's machines are seen to do by the DHCP servers that we run for them. */
export class DhcpWatch {
  readonly #observe: (machine: MachineId, observation: Observation) => void;
  readonly #log: Logger;
  /** What ends the following of each log. */
  readonly #followed = new Map<string, () => void>();
  #machines: ReadonlyMap<string, MachineId> = new Map();
  #closed = false;

  constructor(observe: (machine: MachineId, observation: Observation) => void, log: Logger) {
    this.#observe = observe;
    this.#log = log;
  }

  /** Follows the logs of these servers, and no others, for what they tell of the lab's machines. One call at a time. */
  async follow(lab: LabSpec, logs: readonly string[]): Promise<void> {
    this.#machines = new Map(
      lab.nodes.flatMap(node =>
        node.nics.map(({ mac }) => [mac.toLowerCase(), machineId(lab.name, node.name)]),
      ),
    );
    for (const log of this.#followed.keys()) if (!logs.includes(log)) this.#leave(log);
    for (const log of logs) if (!this.#followed.has(log)) await this.#begin(log);
  }

  close(): void {
    this.#closed = true;
    for (const log of [...this.#followed.keys()]) this.#leave(log);
  }

  /** A boot goes on whether or not it is seen. */
  async #begin(log: string): Promise<void> {
    const fail = (error: unknown) => {
      this.#leave(log);
      // It goes with its network.
      if (systemCodeOf(error) === 'ENOENT') return;
      this.#log.warn({ log, error: messageOf(error) }, 'what this DHCP server does is not seen');
    };
    try {
      const stop = await followDhcpLog(log, note => this.#take(note), fail);
      if (this.#closed) stop();
      else this.#followed.set(log, stop);
    } catch (error) {
      fail(error);
    }
  }

  #leave(log: string): void {
    this.#followed.get(log)?.();
    this.#followed.delete(log);
  }

  #take(note: DhcpNote): void {
    const machine = this.#machines.get(note.mac);
    if (machine === undefined) return;
    switch (note.type) {
      case 'leased':
        this.#observe(machine, { type: 'leased', address: note.address });
        break;
      case 'sent':
        this.#observe(machine, { type: 'fetched', what: `fetched ${note.file} by TFTP` });
        break;
    }
  }
}
