import type { BootDirector, BootListener } from '../boot/director.ts';
import type { LabSpec } from '../node/spec.ts';
import { messageOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import type { Report } from './api.ts';

/** The boot director as the labs share it: who listens where for whom, and whose network cards are whose. */
export class BootService {
  /** TCP port at every address. */
  readonly port: number;
  readonly #director: BootDirector;
  readonly #log: Logger;
  readonly #listeners = new Map<string, { listener: BootListener; labs: Set<string> }>();
  readonly #labs: Map<string, LabSpec>;

  /** @param labs - filled by {@link serve}; the director looks network cards up in it */
  constructor(director: BootDirector, labs: Map<string, LabSpec>, port: number, log: Logger) {
    this.#director = director;
    this.#labs = labs;
    this.port = port;
    this.#log = log;
  }

  /** Answers the machines of a lab at these addresses of the host, and no longer at others. */
  async serve(lab: string, spec: LabSpec, addresses: readonly string[]): Promise<void> {
    this.#labs.set(lab, spec);
    for (const [address, { labs }] of this.#listeners) {
      if (labs.has(lab) && !addresses.includes(address)) await this.#leave(lab, address);
    }
    for (const address of addresses) {
      const listening = this.#listeners.get(address);
      if (listening) {
        listening.labs.add(lab);
        continue;
      }
      try {
        const listener = await this.#director.listen(address, this.port);
        this.#listeners.set(address, { listener, labs: new Set([lab]) });
      } catch (error) {
        // The network may be gone (somebody deleted its bridge): the lab is served as far as it can be, and `up` repairs it.
        this.#log.error({ lab, address, error: messageOf(error) }, 'no network boot at this address');
      }
    }
  }

  /** Stops answering a lab's machines. */
  async close(lab: string): Promise<void> {
    for (const address of [...this.#listeners.keys()]) await this.#leave(lab, address);
    this.#labs.delete(lab);
  }

  /** Forgets what a lab's nodes were to boot. */
  async forgetLab(lab: string): Promise<void> {
    for (const node of this.#labs.get(lab)?.nodes ?? []) {
      for (const { mac } of node.nics) if (this.#director.assignment(mac)) await this.#director.clear(mac);
    }
  }

  /** The node's next network boot runs the deploy ramdisk. */
  async deploy(mac: string, signal: AbortSignal): Promise<void> {
    await this.#director.assign(mac, { kind: 'deploy' }, signal);
  }

  reports(mac: string): readonly Report[] {
    return this.#director.reports(mac);
  }

  async #leave(lab: string, address: string): Promise<void> {
    const listening = this.#listeners.get(address);
    if (!listening?.labs.delete(lab) || listening.labs.size > 0) return;
    this.#listeners.delete(address);
    await listening.listener.close();
  }
}

/** The node that has a network card, among labs. */
export function ownerOf(labs: ReadonlyMap<string, LabSpec>, mac: string): string | undefined {
  for (const { nodes } of labs.values()) {
    for (const node of nodes) if (node.nics.some(nic => nic.mac === mac)) return node.name;
  }
  return undefined;
}
