import { randomBytes } from 'node:crypto';
import { QuintupleoError } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { CallContext } from '../client/call.ts';
import type { AccessRule } from '../client/identity.ts';
import { OpenStack } from '../client/openstack.ts';
import { explaining } from '../resources/explain.ts';
import type { Site } from '../resources/site.ts';

/** What lets the service instance speak to the cloud. */
export interface ServiceCredential {
  readonly id: string;
  readonly secret: string;
  /** Milliseconds since the epoch; `undefined`: until it is revoked. */
  readonly expires: number | undefined;
}

/**
 * All that a lab's service calls: it reads, and acts on servers that are there. It cannot make or delete anything but
 * metadata, and no further credentials.
 * @see https://docs.openstack.org/keystone/latest/user/application_credentials.html (access rules)
 */
const accessRules: readonly AccessRule[] = [
  ...['compute', 'network', 'image', 'block-storage', 'volumev3'].map(
    (service): AccessRule => ({ service, method: 'GET', path: '/**' }),
  ),
  { service: 'compute', method: 'POST', path: '/**/servers/*/action' },
  { service: 'compute', method: 'POST', path: '/**/servers/*/remote-consoles' },
  { service: 'compute', method: 'POST', path: '/**/servers/*/metadata' },
  { service: 'compute', method: 'DELETE', path: '/**/servers/*/metadata/*' },
];

/** How long a credential outlives the lease of its lab, so that it need not be made anew at every `up`. Milliseconds. */
const spare = 3_600_000;

/** Who asks for a credential. */
export type CredentialSite = Pick<Site, 'openstack' | 'lab' | 'owner' | 'clock' | 'log' | 'ctx'>;

/**
 * Makes a credential for the lab's service, and revokes those that it had before.
 * @param lease - milliseconds that the lab may stay; `undefined`: for ever
 * @throws QuintupleoError `CREDENTIAL_REFUSED` where the user may not make one
 */
export async function makeCredential(
  site: CredentialSite,
  lease: number | undefined,
): Promise<ServiceCredential> {
  const before = await credentialsOf(site);
  const expires = lease === undefined ? undefined : site.clock.now() + lease + spare;
  const made =
    (await usable(site, await create(site, expires, accessRules))) ?? (await widened(site, expires));
  for (const id of before) await site.openstack.identity.deleteApplicationCredential(id, site.ctx);
  return { ...made, expires };
}

/** Revokes whatever the lab's service could speak to the cloud with. */
export async function revokeCredentials(site: CredentialSite): Promise<void> {
  await explaining(`the credential of lab ${site.lab} cannot be revoked`, async () => {
    for (const id of await credentialsOf(site)) {
      await site.openstack.identity.deleteApplicationCredential(id, site.ctx);
    }
  });
}

/** Whether a credential lasts as long as its lab. */
export function isLasting({ expires }: ServiceCredential, lease: number | undefined, now: number): boolean {
  if (expires === undefined) return true;
  return lease !== undefined && expires >= now + lease;
}

type Made = Omit<ServiceCredential, 'expires'>;

async function create(
  site: CredentialSite,
  expires: number | undefined,
  rules: readonly AccessRule[] | undefined,
): Promise<Made> {
  try {
    return await site.openstack.identity.createApplicationCredential(
      {
        // Nobody else's has this beginning; names are unique.
        name: `${nameOf(site)}${randomBytes(4).toString('hex')}`,
        description: `quintupleo: the BMCs of lab ${site.lab}`,
        accessRules: rules,
        expiresAt: expires === undefined ? undefined : new Date(expires),
      },
      site.ctx,
    );
  } catch (error) {
    if (!isOpenStackError(error, 'forbidden', 'unauthorized')) throw error;
    throw new QuintupleoError(`Keystone makes no application credential for this user: ${error.message}`, {
      family: 'platform',
      code: 'CREDENTIAL_REFUSED',
      remedy:
        'Log in with a password, or with an application credential that was made with --unrestricted; or let this machine serve the BMCs: service: here.',
      cause: error,
    });
  }
}

/** A credential, if the cloud's services take it: those that were not told their own type refuse every one with access rules. */
async function usable(site: CredentialSite, made: Made): Promise<Made | undefined> {
  const { openstack, clock, log, ctx } = site;
  const auth = { type: 'application-credential', credential: { id: made.id }, secret: made.secret } as const;
  await using probe = OpenStack.connect(
    { ...openstack.config, auth, project: undefined },
    { clock, log: quiet(log) },
  );
  try {
    await probe.compute.listServers({ details: true }, ctx);
    await probe.network.ports.list({ name: 'none' }, ctx);
    await probe.image.list({ name: 'none' }, ctx);
    return made;
  } catch (error) {
    if (!isOpenStackError(error, 'unauthorized', 'forbidden')) throw error;
    await openstack.identity.deleteApplicationCredential(made.id, ctx);
    return undefined;
  }
}

async function widened(site: CredentialSite, expires: number | undefined): Promise<Made> {
  site.log.warn(
    { lab: site.lab },
    "this cloud's services refuse credentials with access rules: the service instance gets one that may do in this project what its user may, until down revokes it",
  );
  return create(site, expires, undefined);
}

async function credentialsOf(site: CredentialSite): Promise<string[]> {
  const all = await site.openstack.identity.listApplicationCredentials(site.ctx as CallContext);
  return all.filter(({ name }) => name.startsWith(nameOf(site))).map(({ id }) => id);
}

function nameOf({ lab, owner }: CredentialSite): string {
  return `quintupleo_${owner}_${lab}_`;
}

/** What is only tried is not worth a warning. */
function quiet(log: Logger): Logger {
  return log.child({}, { level: 'error' });
}
