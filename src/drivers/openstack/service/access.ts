import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceCloud, ServiceInstance } from '../../../node/driver.ts';
import { fingerprintIn, serviceControlPort, serviceInterface } from '../../../node/service-settings.ts';
import type { LabSpec } from '../../../node/spec.ts';
import { type Document, fileDocument } from '../../../support/document.ts';
import { QuintupleoError } from '../../../support/errors.ts';
import { poll } from '../../../support/wait.ts';
import { services } from '../client/catalog.ts';
import type { CloudConfig } from '../client/cloud-config.ts';
import type { Server } from '../client/compute-types.ts';
import { type Label, labelInMetadata } from '../provision/resources/label.ts';
import {
  type CredentialSite,
  credentialsOf,
  fitsLease,
  makeCredential,
  revokeCredentials,
  type ServiceCredential,
} from './credential.ts';

/** What is kept of a lab's service instance. Holds a secret. */
export interface KeptService {
  /** ID of the server whose console showed the fingerprint. */
  readonly server: string;
  readonly fingerprint: string;
  /** The last one that was made for that server. */
  readonly credential?: ServiceCredential | undefined;
}

/** Whose service instance is reached, and what is kept of it. */
export type ServiceAccessParts = Omit<CredentialSite, 'ctx'> & { readonly document: Document<KeptService> };

/** What is kept of a lab's service instance, in a daemon's state directory. */
export function serviceDocument(stateDirectory: string, lab: string): Document<KeptService> {
  return fileDocument(join(stateDirectory, 'labs', lab, 'service.json'));
}

/** How long the instance may take from its start until it has written its fingerprint to its console. Milliseconds. */
const bootLimit = 10 * 60_000;
const consoleInterval = 3_000;

/** Name under which the instance finds its cloud. */
const cloudName = 'quintupleo';

/** The file of the CA certificates, beside the one that names it. */
const caName = 'ca.pem';

/**
 * How a lab's service instance is reached: where it is, the certificate that it showed on its console, which only the
 * cloud can have told, and a credential of its own.
 */
export class ServiceAccess {
  readonly #parts: ServiceAccessParts;
  #credential: ServiceCredential | undefined;

  private constructor(parts: ServiceAccessParts, kept: KeptService | undefined) {
    this.#parts = parts;
    this.#credential = kept?.credential;
  }

  static async open(parts: ServiceAccessParts): Promise<ServiceAccess> {
    return new ServiceAccess(parts, await parts.document.read());
  }

  /** For people: what the instance may do in the cloud, as long as it has a credential. */
  facts(lab: LabSpec): Readonly<Record<string, string>> {
    if (!lab.cloud?.service || !this.#credential) return {};
    return {
      'service credential': this.#credential.restricted
        ? 'restricted to what the service does'
        : 'not restricted, since this cloud refuses access rules: it may do what its user may',
    };
  }

  /**
   * @param servers - all that the project has
   * @throws QuintupleoError `SERVICE_GONE`, `SERVICE_NOT_STARTED`
   */
  async find(lab: LabSpec, servers: Iterable<Server>, signal: AbortSignal): Promise<ServiceInstance> {
    const service = lab.cloud?.service;
    const server = [...servers].find(({ metadata }) => this.#isOwn(labelInMetadata(metadata)));
    if (!service || !server) throw noService(lab.name);
    const fingerprint = await this.#fingerprint(server, signal);
    return {
      host: floatingAddressOf(server) ?? service.address,
      port: serviceControlPort,
      fingerprint,
      interfaces: Object.fromEntries(
        service.nics.map(({ network }, index) => [network, serviceInterface(index)]),
      ),
      admit: (hand, until) => this.#admit({ server: server.id, fingerprint }, lab.cloud?.lease, hand, until),
    };
  }

  #isOwn(label: Label | undefined): boolean {
    const { lab, owner } = this.#parts;
    return label?.kind === 'service' && label.lab === lab && label.owner === owner;
  }

  async #fingerprint(server: Server, signal: AbortSignal): Promise<string> {
    const { document } = this.#parts;
    const kept = await document.read();
    if (kept?.server === server.id) return kept.fingerprint;
    const fingerprint = await readFingerprint(this.#site(signal), server);
    this.#credential = undefined;
    await document.write({ server: server.id, fingerprint });
    return fingerprint;
  }

  async #admit(
    known: Pick<KeptService, 'server' | 'fingerprint'>,
    lease: number | undefined,
    hand: (cloud: ServiceCloud) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const site = this.#site(signal);
    const before = await credentialsOf(site);
    const last = this.#credential;
    const stays = last && before.includes(last.id) && fitsLease(last, lease, site.clock.now());
    const credential = stays ? last : await makeCredential(site, lease);
    // Kept before it is handed over: what is not known here is taken for an old one.
    await this.#parts.document.write({ ...known, credential });
    this.#credential = credential;
    const { config } = site.openstack;
    const ca = config.caFile === undefined ? undefined : await readFile(config.caFile, 'utf8');
    await hand({ clouds: { clouds: { [cloudName]: cloudFor(config, credential) } }, ca });
    await revokeCredentials(
      site,
      before.filter(id => id !== credential.id),
    );
  }

  #site(signal: AbortSignal): CredentialSite {
    return { ...this.#parts, ctx: { reason: 'service', signal } };
  }
}

function noService(lab: string): QuintupleoError {
  return new QuintupleoError(`lab ${lab} has no service instance now`, {
    family: 'platform',
    code: 'SERVICE_GONE',
    remedy: 'Run up again: it is made anew if it is missing.',
  });
}

async function readFingerprint({ clock, openstack, ctx }: CredentialSite, server: Server): Promise<string> {
  const found = await poll(
    clock,
    { every: consoleInterval, within: bootLimit, signal: ctx.signal },
    async () => fingerprintIn(await openstack.compute.consoleOutput(server.id, undefined, ctx)),
  );
  if (found !== undefined) return found;
  throw new QuintupleoError(`the service instance ${server.name} did not start within 10 minutes`, {
    family: 'platform',
    code: 'SERVICE_NOT_STARTED',
    remedy: `See what it says: openstack console log show ${server.id}.`,
  });
}

/** The cloud as it is described to the instance: as it was to us, but for who logs in. */
function cloudFor(config: CloudConfig, { id, secret }: ServiceCredential): Record<string, unknown> {
  const overrides = Object.entries(config.endpointOverrides).map(([service, url]) => {
    const [type = service] = services[service as keyof typeof services].types;
    return [`${type.replaceAll('-', '_')}_endpoint_override`, url];
  });
  return {
    auth_type: 'v3applicationcredential',
    auth: {
      auth_url: config.authUrl,
      application_credential_id: id,
      application_credential_secret: secret,
    },
    ...(config.region === undefined ? {} : { region_name: config.region }),
    interface: config.interface,
    verify: config.verify,
    ...(config.caFile === undefined ? {} : { cacert: caName }),
    ...Object.fromEntries(overrides),
  };
}

function floatingAddressOf({ addresses }: Server): string | undefined {
  return Object.values(addresses)
    .flat()
    .find(address => address['OS-EXT-IPS:type'] === 'floating')?.addr;
}
