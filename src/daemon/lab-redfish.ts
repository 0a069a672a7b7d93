import { join } from 'node:path';
import { AccountStore } from '../bmc/account-store.ts';
import { CertificateStore } from '../bmc/redfish/access/certificate-store.ts';
import { HttpEventPoster } from '../bmc/redfish/events/event-post.ts';
import type { KeptSubscriptions } from '../bmc/redfish/events/subscriptions.ts';
import { type HttpListener, RedfishHttp } from '../bmc/redfish/http/http-server.ts';
import { MediaError, type MediaSource } from '../bmc/redfish/media/media-source.ts';
import type { RedfishBmc } from '../bmc/redfish/model.ts';
import type { Faults } from '../faults/faults.ts';
import type { RedfishDefinition } from '../lab/definition.ts';
import { nodeUuid } from '../lab/identity.ts';
import type { MediaImage } from '../node/media.ts';
import { fingerprintOf, type Identity } from '../support/certificate.ts';
import type { Clock } from '../support/clock.ts';
import { Destinations } from '../support/destinations.ts';
import { type Document, fileDocument } from '../support/document.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import type { RedfishStatus } from './api.ts';
import { type Concerned, FaultyHandler } from './faults/faulty-handler.ts';
import { makeLabIdentity, noCertificates } from './lab-certificate.ts';
import { placeOfNode, placeOfService, placesOf } from './lab-ports.ts';
import { type LabRecord, servicePasswordOf } from './lab-record.ts';
import { MediaLibrary } from './media-library.ts';
import type { Place } from './port-choice.ts';
import type { NodeBmc } from './redfish-bmc.ts';
import { type FaceSurroundings, RedfishFace } from './redfish-face.ts';
import { Service, type ServiceSurroundings } from './redfish-service.ts';
import type { TcpReservations } from './tcp-reservations.ts';
import { updateSource } from './update-source.ts';

/** What a lab's Redfish services work with. */
export interface LabRedfishParts {
  readonly lab: string;
  /** The lab's record as it is now. */
  readonly record: () => LabRecord;
  /** The lab's folder. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears of each request when it has been answered. */
  readonly onAnswer?: FaceSurroundings['onAnswer'];
  readonly reservations: TcpReservations;
  readonly faults: Faults;
}

/** What is there while services are served. */
interface Served {
  /** `undefined` for a lab that an earlier version made, which has no services. */
  readonly definition: RedfishDefinition | undefined;
  readonly around: ServiceSurroundings;
  readonly certificate: CertificateStore | undefined;
  readonly http: RedfishHttp;
  readonly poster: HttpEventPoster;
  readonly library: MediaLibrary;
}

/** A service at its place, or why it is not there. */
interface Listening {
  readonly face: RedfishFace;
  readonly place: Place;
  readonly listener: HttpListener | undefined;
  readonly problem: string | undefined;
}

/** The Redfish services of a lab: one that shows all of its nodes, and one for each node. */
export class LabRedfish implements AsyncDisposable {
  readonly #parts: LabRedfishParts;
  readonly #bmcs = new Map<string, NodeBmc>();
  /** The same in the order of the lab file; `undefined`: to be made anew. */
  #ordered: ReadonlyMap<string, NodeBmc> | undefined;
  readonly #nodes = new Map<string, Listening>();
  /** Nodes that cannot be shown, and why. */
  readonly #refused = new Map<string, string>();
  #served: Promise<Served | undefined> | undefined;
  #now: Served | undefined;
  /** Why nothing is served. */
  #failure: string | undefined;
  #whole: Listening | undefined;

  constructor(parts: LabRedfishParts) {
    this.#parts = parts;
  }

  /** Whether it is as a lab file says. */
  isSetUpAs(definition: RedfishDefinition | undefined): boolean {
    const { definition: served } = this.#now ?? {};
    if (this.#failure !== undefined || this.#whole?.problem !== undefined) return false;
    return JSON.stringify(served) === JSON.stringify(definition);
  }

  /** Serves as the record says, and leaves alone what is served so already. */
  async setUp(): Promise<void> {
    this.#ordered = undefined;
    this.#whole?.face.service?.changed();
    const { definition } = this.#parts.record();
    if (this.isSetUpAs(definition.redfish)) return;
    await this.#stop();
    await this.#start();
    for (const bmc of this.#bmcs.values()) await this.#listenFor(bmc);
  }

  /** Shows a node. A service of its own that cannot listen is there nevertheless, and its status says why. */
  async serve(bmc: NodeBmc): Promise<void> {
    this.#bmcs.set(bmc.id, bmc);
    this.#ordered = undefined;
    bmc.onRestart(() => this.#nodes.get(bmc.id)?.face.restart());
    await this.#start();
    this.#whole?.face.service?.added(bmc);
    await this.#listenFor(bmc);
  }

  /** Takes note of a node that cannot be shown: its status says why. */
  async refuse(node: string, reason: string): Promise<void> {
    this.#refused.set(node, `cannot be shown by Redfish: ${reason}`);
    this.#parts.log.error({ node, error: reason }, 'no Redfish of a node');
    await this.#start();
  }

  /** Shows a node no more. */
  async dismiss(node: string): Promise<void> {
    this.#refused.delete(node);
    if (!this.#bmcs.delete(node)) return;
    this.#ordered = undefined;
    this.#whole?.face.service?.removed(node);
    const own = this.#nodes.get(node);
    this.#nodes.delete(node);
    if (own) await end(own);
  }

  /** @throws QuintupleoError `REDFISH_DEAF`, `REDFISH_FAILED` when the service that shows all nodes is not where it shall be */
  check(): void {
    const { lab } = this.#parts;
    if (this.#failure !== undefined) {
      throw new QuintupleoError(`lab ${lab} cannot be served by Redfish: ${this.#failure}`, {
        family: 'platform',
        code: 'REDFISH_FAILED',
        remedy: `See what is wrong below ${join(this.#parts.folder, 'redfish')}, then run up again.`,
      });
    }
    const problem = this.#whole?.problem;
    if (problem === undefined) return;
    throw new QuintupleoError(`the Redfish service of lab ${lab} ${problem}`, {
      family: 'config',
      code: 'REDFISH_DEAF',
      remedy: 'Free that address and port, or choose another one in the lab file; then run up again.',
    });
  }

  /** How many sessions are open. */
  get sessions(): number {
    const listening = [...this.#nodes.values(), ...(this.#whole ? [this.#whole] : [])];
    return listening.reduce((sum, { face }) => sum + (face.service?.sessions.all.length ?? 0), 0);
  }

  /** The service that shows all nodes, as long as it is served. */
  get service(): Service | undefined {
    return this.#whole?.face.service;
  }

  /** What is told of it in a lab's status. */
  status(): RedfishStatus | undefined {
    const { redfish: definition } = this.#parts.record().definition;
    if (!definition || (!this.#now && this.#failure === undefined)) return undefined;
    const certificate = this.#now?.certificate?.current;
    return {
      url: this.#whole && this.#urlOf(this.#whole.place),
      users: definition.service?.users.map(user => user.name) ?? [],
      certificate,
      fingerprint: certificate && fingerprintOf(certificate),
      problem: this.#failure ?? this.#whole?.problem,
    };
  }

  /** Where a node's own service is, or the one that would show it; `undefined`: there is none. */
  statusOf(node: string): { readonly url: string; readonly problem: string | undefined } | undefined {
    const own = this.#nodes.get(node);
    if (own) return { url: this.#urlOf(own.place), problem: own.problem };
    const problem = this.#refused.get(node);
    const place = placeOfNode(this.#parts.record(), node) ?? placeOfService(this.#parts.record());
    return problem !== undefined && place ? { url: this.#urlOf(place), problem } : undefined;
  }

  /** Where a node's own service listens. */
  placeOf(node: string): RedfishBmc['redfish'] {
    const place = this.#now && placeOfNode(this.#parts.record(), node);
    return place && { ...place, tls: this.#now?.around.tls ?? true };
  }

  /** Where a node's images come from. */
  mediaOf(node: string): MediaSource {
    return {
      fetch: async (request, signal, progress) => {
        if (this.#now) return this.#now.library.fetch(node, request, signal, progress);
        throw new MediaError('interrupted', 'images are not fetched any more');
      },
      // What nobody deletes now, the next daemon sweeps away.
      discard: async image => this.#now?.library.remove(image),
    };
  }

  /** Deletes images that an earlier daemon left, and that are in no slot. */
  async sweep(used: Iterable<MediaImage>): Promise<void> {
    await this.#now?.library.sweep(used);
  }

  /** Stops serving; what is kept stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  /** Without Redfish, a lab's BMCs are there all the same: what keeps it away is told in its status. */
  #start(): Promise<Served | undefined> {
    this.#served ??= this.#open().catch(async (error: unknown) => {
      this.#failure = messageOf(error);
      this.#parts.log.error({ lab: this.#parts.lab, error: this.#failure }, 'no Redfish');
      const begun = this.#now;
      this.#now = undefined;
      if (begun) await release(begun);
      return undefined;
    });
    return this.#served;
  }

  async #open(): Promise<Served> {
    const { lab, folder, clock, log } = this.#parts;
    const { redfish: definition } = this.#parts.record().definition;
    const settings = definition ?? nothing;
    const destinations = new Destinations(settings.destinations);
    const certificate = settings.tls ? await this.#openCertificate(settings.identity) : undefined;
    const http = new RedfishHttp({ tls: certificate?.identity, log });
    certificate?.onReplace(identity => {
      http.setCertificate(identity);
      for (const { face } of [...this.#nodes.values(), ...(this.#whole ? [this.#whole] : [])]) {
        face.service?.changed();
      }
    });
    const poster = new HttpEventPoster(destinations, clock);
    const around: ServiceSurroundings = {
      certificate: certificate ?? noCertificates,
      tls: settings.tls,
      sessionTimeout: settings.sessionTimeout,
      poster,
      updates: updateSource(destinations, clock),
      clock,
      log,
    };
    const library = new MediaLibrary({
      folder: join(folder, 'media'),
      destinations,
      clock,
      limit: settings.mediaLimit,
    });
    const served = { definition, around, certificate, http, poster, library };
    this.#now = served;
    const place = placeOfService(this.#parts.record());
    if (place) {
      const face = new RedfishFace(() => this.#openWhole(lab, around), this.#parts);
      // It tells its subscribers of what happens, whether it is asked or not.
      await face.start();
      const viewOf = (node: string) => this.#parts.faults.view(lab, node);
      this.#whole = await this.#listen(place, face, http, { viewOf });
    }
    return served;
  }

  async #stop(): Promise<void> {
    const served = await this.#served;
    const listening = [...this.#nodes.values(), ...(this.#whole ? [this.#whole] : [])];
    this.#served = undefined;
    this.#now = undefined;
    this.#failure = undefined;
    this.#whole = undefined;
    this.#nodes.clear();
    await Promise.all(listening.map(end));
    if (served) await release(served);
  }

  async #listenFor(bmc: NodeBmc): Promise<void> {
    const served = await this.#start();
    const place = placeOfNode(this.#parts.record(), bmc.id);
    if (!served || !place) return;
    const { http, around } = served;
    const alone = new Map([[bmc.id, bmc]]);
    const subscriptions = this.#document<KeptSubscriptions>('bmcs', bmc.id, 'redfish', 'subscriptions.json');
    const face = new RedfishFace(
      () =>
        Service.open({
          uuid: bmc.node.spec.uuid,
          name: bmc.id,
          bmcs: () => alone,
          accounts: bmc.accounts,
          settings: this.#document('bmcs', bmc.id, 'redfish', 'service.json'),
          subscriptions,
          around,
        }),
      this.#parts,
    );
    try {
      // Whoever has subscribed is told of what happens from the beginning.
      if (await subscriptions.read()) await face.start();
      const view = this.#parts.faults.view(this.#parts.lab, bmc.id);
      this.#nodes.set(bmc.id, await this.#listen(place, face, http, { view }));
    } catch (error) {
      const problem = `cannot be served by Redfish: ${messageOf(error)}`;
      this.#parts.log.error({ node: bmc.id, error: messageOf(error) }, 'no Redfish of its own');
      this.#nodes.set(bmc.id, { face, place, listener: undefined, problem });
    }
  }

  async #openWhole(lab: string, around: ServiceSurroundings): Promise<Service> {
    const record = this.#parts.record();
    const users = record.definition.redfish?.service?.users ?? [];
    const initial = users.map(user => ({ ...user, password: servicePasswordOf(record, user) }));
    return Service.open({
      uuid: nodeUuid(lab, ''),
      name: lab,
      bmcs: () => this.#inOrder(),
      accounts: await AccountStore.open(this.#document('redfish', 'accounts.json'), initial),
      settings: this.#document('redfish', 'service.json'),
      subscriptions: this.#document('redfish', 'subscriptions.json'),
      around,
    });
  }

  async #listen(
    place: Place,
    face: RedfishFace,
    http: RedfishHttp,
    concerned: Concerned,
  ): Promise<Listening> {
    await this.#parts.reservations.release(place);
    const handler = new FaultyHandler(face, concerned, this.#parts.clock);
    try {
      return { face, place, listener: await http.listen(place, handler), problem: undefined };
    } catch (error) {
      return { face, place, listener: undefined, problem: listenProblem(place, error) };
    }
  }

  #inOrder(): ReadonlyMap<string, NodeBmc> {
    this.#ordered ??= new Map(
      this.#parts.record().definition.spec.nodes.flatMap(({ name }) => {
        const bmc = this.#bmcs.get(name);
        return bmc ? [[name, bmc] as const] : [];
      }),
    );
    return this.#ordered;
  }

  #openCertificate(given: Identity | undefined): Promise<CertificateStore> {
    const { lab, clock } = this.#parts;
    return CertificateStore.open({
      document: this.#document('redfish', 'certificate.json'),
      clock,
      given,
      make: () => makeLabIdentity(lab, placesOf(this.#parts.record()).tcp, clock.now()),
    });
  }

  #urlOf({ address, port }: Place): string {
    const scheme = this.#now?.around.tls === false ? 'http' : 'https';
    return new URL(`${scheme}://${address}:${port}/redfish/v1`).href;
  }

  #document<T>(...path: string[]): Document<T> {
    return fileDocument(join(this.#parts.folder, ...path));
  }
}

/** Without services, nothing of it matters. */
const nothing: RedfishDefinition = {
  service: undefined,
  tls: false,
  identity: undefined,
  sessionTimeout: 1_800_000,
  destinations: undefined,
  mediaLimit: 16 * 2 ** 30,
};

async function release({ http, poster }: Served): Promise<void> {
  await http[Symbol.asyncDispose]();
  await poster[Symbol.asyncDispose]();
}

async function end({ face, listener }: Listening): Promise<void> {
  await listener?.close();
  await face[Symbol.asyncDispose]();
}

function listenProblem({ address, port }: Place, error: unknown): string {
  const where = `cannot listen on ${address}:${port} for Redfish`;
  switch (systemCodeOf(error)) {
    case 'EADDRINUSE':
      return `${where}: another program listens there`;
    case 'EACCES':
      return `${where}: not allowed`;
    case 'EADDRNOTAVAIL':
      return `${where}: this host has no such address`;
    default:
      return `${where}: ${messageOf(error)}`;
  }
}
