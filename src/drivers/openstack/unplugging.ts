import type { Disturbance, DisturbanceKind } from '../../node/disturbance.ts';
import { DriverError } from '../../node/driver.ts';
import type { Document } from '../../support/document.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { Turnstile } from '../../support/wait.ts';
import { OpenStackError } from './client/api-error.ts';
import type { CallContext } from './client/call.ts';
import type { Networking } from './client/network.ts';
import { driverErrorOf } from './machines/failures.ts';
import { type Label, labelOf } from './provision/resources/label.ts';

/** The node of each port that is switched off on purpose, by the port's ID. */
export type Unplugged = Readonly<Record<string, string>>;

/** What pulling plugs needs. */
export interface UnpluggingParts {
  readonly lab: string;
  /** ID of the state directory: ports that another one made stay as they are. */
  readonly owner: string;
  readonly log: Logger;
  readonly ports: Networking['ports'];
  /** What is switched off, so that a driver after this one switches it on again. */
  readonly document: Document<Unplugged>;
}

/** What can be made wrong with a machine of a cloud. */
export const disturbances: readonly DisturbanceKind[] = ['nic-unplugged'];

/** Pulls the plugs of a lab's network cards on purpose: a port that is administratively down carries nothing. */
export class Unplugging {
  readonly #parts: UnpluggingParts;
  readonly #turn = new Turnstile();
  readonly #closing = new AbortController();
  /** Nodes of which cards are wanted to be unplugged now: their ports are not to be mended. */
  readonly #wanted = new Set<string>();
  #mending: Promise<void> | undefined;
  #mended = false;
  #problem: string | undefined;

  constructor(parts: UnpluggingParts) {
    this.#parts = parts;
  }

  /**
   * Makes things wrong with a node, in place of what was made wrong before.
   * @param server - ID of the node's server
   * @throws DriverError `refused` for a port that the lab did not make
   */
  async disturb(
    node: string,
    server: string | undefined,
    wrong: readonly Disturbance[],
    signal: AbortSignal,
  ): Promise<void> {
    const nics = wrong.map(one => {
      if (one.kind === 'nic-unplugged') return one.nic;
      throw new DriverError('unsupported', `an instance of a cloud cannot be made to feel ${one.kind}`);
    });
    if (nics.length > 0) this.#wanted.add(node);
    else this.#wanted.delete(node);
    try {
      await this.#unplug(node, server ?? '', nics, { reason: 'fault', signal });
    } catch (error) {
      this.#mended = false;
      throw driverErrorOf(error, signal);
    }
  }

  /**
   * Plugs in what is unplugged and of no node of which that is wanted now: what a driver before this one has left, and
   * what could not be plugged in when it was to be. Asks nothing of the cloud when that is done. Never rejects: it can
   * be asked again.
   */
  mend(): Promise<void> {
    if (this.#mended) return Promise.resolve();
    this.#mending ??= this.#turn
      .run(() => this.#plugInLeft())
      .catch((error: unknown) => this.#notMended(messageOf(error)))
      .finally(() => {
        this.#mending = undefined;
      });
    return this.#mending;
  }

  /** Mends nothing any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#mending;
  }

  #notMended(problem: string): void {
    if (this.#closing.signal.aborted || problem === this.#problem) return;
    this.#problem = problem;
    this.#parts.log.error({ lab: this.#parts.lab, error: problem }, 'ports stay unplugged');
  }

  /** @param nics - positions of the cards that shall be unplugged, and no others */
  #unplug(node: string, server: string, nics: readonly number[], ctx: CallContext): Promise<void> {
    return this.#turn.run(async () => {
      const wanted = nics.length === 0 ? [] : await this.#portsOf(node, server, nics, ctx);
      const before = (await this.#parts.document.read()) ?? {};
      const others = Object.entries(before).filter(([, whose]) => whose !== node);
      const mine = Object.keys(before).filter(id => before[id] === node);
      const after = [...others, ...wanted.map((id): [string, string] => [id, node])];
      // Known before it is done: whoever is killed in between leaves nothing that nobody mends.
      await this.#keep({ ...before, ...Object.fromEntries(after) });
      for (const id of wanted) await this.#parts.ports.update(id, { admin_state_up: false }, ctx);
      for (const id of mine) if (!wanted.includes(id)) await this.#plugIn(id, ctx);
      await this.#keep(Object.fromEntries(after));
    });
  }

  async #plugInLeft(): Promise<void> {
    const ctx = { reason: 'fault', signal: this.#closing.signal };
    const before = Object.entries((await this.#parts.document.read()) ?? {});
    const wanted = before.filter(([, node]) => this.#wanted.has(node));
    const left = before.filter(one => !wanted.includes(one));
    for (const [id] of left) await this.#plugIn(id, ctx);
    if (left.length > 0) await this.#keep(Object.fromEntries(wanted));
    this.#mended = true;
    this.#problem = undefined;
  }

  async #portsOf(node: string, server: string, nics: readonly number[], ctx: CallContext): Promise<string[]> {
    const ports = await this.#parts.ports.list({ device_id: server }, ctx);
    return nics.map(index => {
      const port = ports.find(one => isCard(labelOf(one), this.#parts, node, index));
      if (port) return port.id;
      throw new DriverError('refused', `${node} has no network card ${index} that its lab made`);
    });
  }

  async #plugIn(id: string, ctx: CallContext): Promise<void> {
    try {
      await this.#parts.ports.update(id, { admin_state_up: true }, ctx);
    } catch (error) {
      // It went with its server.
      if (!(error instanceof OpenStackError) || error.code !== 'not-found') throw error;
    }
  }

  async #keep(unplugged: Unplugged): Promise<void> {
    const { document } = this.#parts;
    if (Object.keys(unplugged).length > 0) await document.write(unplugged);
    else await document.delete();
  }
}

function isCard(
  label: Label | undefined,
  { lab, owner }: UnpluggingParts,
  node: string,
  index: number,
): boolean {
  const isOurs = label?.kind === 'machine' && label.lab === lab && label.owner === owner;
  return isOurs && label.name === node && label.part === `port-${index}`;
}
