import { readFile } from 'node:fs/promises';
import type { ServiceInstance } from '../../../node/driver.ts';
import { fingerprintIn, serviceControlPort, serviceInterface } from '../../../node/service-settings.ts';
import type { LabSpec } from '../../../node/spec.ts';
import type { Document } from '../../../support/document.ts';
import { QuintupleoError } from '../../../support/errors.ts';
import { poll } from '../../../support/wait.ts';
import { services } from '../client/catalog.ts';
import type { CloudConfig } from '../client/cloud-config.ts';
import type { Server } from '../client/compute-types.ts';
import { type CredentialSite, isLasting, makeCredential, type ServiceCredential } from './credential.ts';

/** What is kept of a lab's service instance. Holds a secret. */
export interface KeptService {
  /** ID of the server whose console showed the fingerprint. */
  readonly server: string;
  readonly fingerprint: string;
  readonly credential: ServiceCredential;
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
export async function accessService(
  site: CredentialSite,
  lab: LabSpec,
  server: Server | undefined,
  document: Document<KeptService>,
): Promise<ServiceInstance> {
  const service = lab.cloud?.service;
  if (!service || !server) throw noService(lab.name);
  const { clock, openstack } = site;
  const kept = await document.read();
  const known = kept?.server === server.id ? kept : undefined;
  const fingerprint = known?.fingerprint ?? (await readFingerprint(site, server));
  const lease = lab.cloud?.lease;
  const credential =
    known && isLasting(known.credential, lease, clock.now())
      ? known.credential
      : await makeCredential(site, lease);
  await document.write({ server: server.id, fingerprint, credential });
  const { caFile } = openstack.config;
  return {
    host: floatingAddressOf(server) ?? service.address,
    port: serviceControlPort,
    fingerprint,
    cloud: {
      clouds: { clouds: { [cloudName]: cloudFor(openstack.config, credential) } },
      ca: caFile === undefined ? undefined : await readFile(caFile, 'utf8'),
    },
    interfaces: Object.fromEntries(
      service.nics.map(({ network }, index) => [network, serviceInterface(index)]),
    ),
  };
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
