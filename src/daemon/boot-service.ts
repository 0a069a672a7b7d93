import { basename } from 'node:path';
import type { BootDirector, BootFetch, BootListener } from '../boot/director.ts';
import type { FirmwareAsks } from '../boot/firmware-desk.ts';
import { firmwareEndpoint } from '../boot/firmware-scripts.ts';
import type { FirmwareAnswer, FirmwareQuestion } from '../node/firmware.ts';
import type { MediaState } from '../node/media.ts';
import type { LabSpec } from '../node/spec.ts';
import type { Clock, Timer } from '../support/clock.ts';
import { messageOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import { Turnstile } from '../support/wait.ts';
import type { BootFetchCount, BootProgressStep, Report } from './api.ts';
import { BootFetches, stepOf } from './boot-fetches.ts';
import { type LinkLocalAddresses, parseLinkLocal } from './link-local.ts';

/** What the boot service works with. */
export interface BootServiceParts {
  readonly director: BootDirector;
  /** Filled by {@link BootService.serve}; the director looks network cards up in it. */
  readonly labs: Map<string, LabSpec>;
  /** TCP port at every IPv4 address. */
  readonly port: number;
  readonly linkLocal: LinkLocalAddresses;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a lab does for its machines that boot. */
export interface BootGuests {
  /** Tells firmware of the lab's machines what to boot. */
  readonly firmwareAsks?: FirmwareAsks | undefined;
  /** What is in a node's slots. */
  readonly media?: ((node: string) => MediaState | undefined) | undefined;
  /** Hears what a node has fetched. */
  readonly fetched?: ((node: string, what: string) => void) | undefined;
  /** Hears of reports of what a node has netbooted or was deployed with. */
  readonly reported?: ((node: string, stage: string) => void) | undefined;
}

/** An address at which machines are to be answered. */
export interface BootAddress {
  readonly address: string;
  readonly port: number;
  /** Why nobody listens there yet. */
  readonly trouble: string | undefined;
}

/** An address at which somebody listens for us. */
interface Place {
  readonly listener: BootListener;
  /** Of the interface, for a link-local address: it means nothing on another one. */
  readonly interfaceIndex: number | undefined;
}

/** How often addresses are looked after that do not answer yet, or whose interface may be replaced. Milliseconds. */
const interval = 3_000;

/** The boot director as the labs share it: who listens where for whom, and whose network cards are whose. */
export class BootService {
  readonly #parts: BootServiceParts;
  readonly #guests = new Map<string, BootGuests>();
  readonly #fetches = new BootFetches();
  readonly #wanted = new Map<string, Set<string>>();
  readonly #places = new Map<string, Place>();
  /** What keeps an address from answering, as last logged. */
  readonly #troubles = new Map<string, string>();
  readonly #turnstile = new Turnstile();
  #timer: Timer | undefined;

  constructor(parts: BootServiceParts) {
    this.#parts = parts;
    parts.director.onFetch(fetch => this.#take(fetch));
  }

  /** TCP port at every IPv4 address. */
  get port(): number {
    return this.#parts.port;
  }

  /**
   * Answers the machines of a lab at these addresses of the host, and no longer at others. An address that is not
   * there yet answers once it is; a link-local one (`fe80::b:c%INTERFACE`) is added to its interface.
   */
  async serve(
    lab: string,
    spec: LabSpec,
    addresses: readonly string[],
    guests: BootGuests = {},
  ): Promise<void> {
    this.#parts.labs.set(lab, spec);
    this.#guests.set(lab, guests);
    this.#want(lab, addresses);
    await this.#tend();
  }

  /** Stops answering a lab's machines. */
  async close(lab: string): Promise<void> {
    this.#want(lab, []);
    await this.#tend();
    this.#guests.delete(lab);
    this.#parts.labs.delete(lab);
  }

  /** Asks the driver of the lab whose network card it is. */
  async firmwareAsks(question: FirmwareQuestion): Promise<FirmwareAnswer | undefined> {
    const owner = ownerOf(this.#parts.labs, question.mac);
    return owner && this.#guests.get(owner.lab)?.firmwareAsks?.(question);
  }

  /** The file of the image of that name, if it is in one of the slots of the node that has this network card. */
  mediaFile(mac: string, image: string): string | undefined {
    const owner = ownerOf(this.#parts.labs, mac);
    const media = owner && this.#guests.get(owner.lab)?.media?.(owner.node);
    return [media?.cd, media?.usb].find(one => one && basename(one.file) === image)?.file;
  }

  /** Where a lab's machines are answered, or are to be. */
  addresses(lab: string): readonly BootAddress[] {
    return [...this.#wanted].flatMap(([address, labs]) => {
      if (!labs.has(lab)) return [];
      const port = parseLinkLocal(address) ? firmwareEndpoint.port : this.#parts.port;
      const listens = this.#places.has(address);
      const trouble = listens ? undefined : (this.#troubles.get(address) ?? 'not tried yet');
      return [{ address, port, trouble }];
    });
  }

  /** What network cards have fetched lately, oldest first. */
  progress(macs: readonly string[]): readonly BootProgressStep[] {
    return this.#fetches.of(macs);
  }

  /** How often what was answered. */
  fetchCounts(): readonly BootFetchCount[] {
    return this.#fetches.counts();
  }

  /** Forgets what a lab's nodes were to boot. */
  async forgetLab(lab: string): Promise<void> {
    const { director, labs } = this.#parts;
    for (const node of labs.get(lab)?.nodes ?? []) {
      this.#fetches.forget(node.nics.map(({ mac }) => mac));
      for (const { mac } of node.nics) if (director.assignment(mac)) await director.clear(mac);
    }
  }

  /** The node's next network boot runs the deploy ramdisk. */
  async deploy(mac: string, signal: AbortSignal): Promise<void> {
    await this.#parts.director.assign(mac, { kind: 'deploy' }, signal);
  }

  reports(mac: string): readonly Report[] {
    return this.#parts.director.reports(mac);
  }

  #take(fetch: BootFetch): void {
    const owner = fetch.mac === undefined ? undefined : ownerOf(this.#parts.labs, fetch.mac);
    this.#fetches.take(fetch, owner !== undefined);
    const step = owner && stepOf(fetch);
    if (!owner) return;
    const guests = this.#guests.get(owner.lab);
    if (step !== undefined) guests?.fetched?.(owner.node, step);
    if (fetch.what !== 'report' || fetch.status >= 400 || fetch.mac === undefined) return;
    const report = this.reports(fetch.mac).at(-1);
    if (report) guests?.reported?.(owner.node, report.stage);
  }

  #want(lab: string, addresses: readonly string[]): void {
    for (const [address, labs] of this.#wanted) {
      if (!addresses.includes(address) && labs.delete(lab) && labs.size === 0) this.#wanted.delete(address);
    }
    for (const address of addresses) {
      const labs = this.#wanted.get(address) ?? new Set();
      this.#wanted.set(address, labs.add(lab));
    }
  }

  /** Listens where it is wanted, as far as can be, and nowhere else; comes again where that may change. */
  #tend(): Promise<void> {
    return this.#turnstile.run(async () => {
      this.#timer?.cancel();
      for (const address of [...this.#places.keys()]) {
        if (!this.#wanted.has(address)) await this.#leave(address);
      }
      for (const address of [...this.#wanted.keys()]) await this.#tendOne(address);
      await this.#tidy();
      const restless = [...this.#wanted.keys()].some(
        address => !this.#places.has(address) || parseLinkLocal(address),
      );
      if (restless) this.#timer = this.#parts.clock.after(interval, () => this.#tendAgain());
    });
  }

  #tendAgain(): void {
    this.#tend().catch((error: unknown) => {
      this.#parts.log.error({ error: messageOf(error) }, 'addresses for network boot cannot be looked after');
    });
  }

  async #tendOne(address: string): Promise<void> {
    const { director, linkLocal, port, log } = this.#parts;
    const place = this.#places.get(address);
    const wanted = parseLinkLocal(address);
    try {
      const interfaceIndex = wanted && (await linkLocal.ensure(wanted));
      if (place && place.interfaceIndex === interfaceIndex) return;
      await this.#leave(address);
      if (wanted && interfaceIndex === undefined)
        throw new Error(`there is no interface ${wanted.interface}`);
      const listener = await director.listen(address, wanted ? firmwareEndpoint.port : port);
      this.#places.set(address, { listener, interfaceIndex });
      if (this.#troubles.delete(address)) log.info({ address }, 'network boot at this address now');
    } catch (error) {
      // A network may come later, or somebody deleted its bridge: labs are served as far as they can be.
      const trouble = messageOf(error);
      if (this.#troubles.get(address) === trouble) return;
      this.#troubles.set(address, trouble);
      log.error({ address, error: trouble }, 'no network boot at this address yet');
    }
  }

  /** Takes away addresses that nobody wants any more. */
  async #tidy(): Promise<void> {
    const { linkLocal, log } = this.#parts;
    const wanted = [...this.#wanted.keys()].flatMap(address => parseLinkLocal(address) ?? []);
    for (const address of this.#troubles.keys()) {
      if (!this.#wanted.has(address)) this.#troubles.delete(address);
    }
    await linkLocal.keepOnly(wanted).catch((error: unknown) => {
      log.warn({ error: messageOf(error) }, 'an address that is no longer needed cannot be taken away');
    });
  }

  async #leave(address: string): Promise<void> {
    const place = this.#places.get(address);
    this.#places.delete(address);
    await place?.listener.close();
  }
}

/** The node that has a network card, among labs. */
export function ownerOf(
  labs: ReadonlyMap<string, LabSpec>,
  mac: string,
): { readonly lab: string; readonly node: string } | undefined {
  for (const [lab, { nodes }] of labs) {
    for (const node of nodes) if (node.nics.some(nic => nic.mac === mac)) return { lab, node: node.name };
  }
  return undefined;
}
