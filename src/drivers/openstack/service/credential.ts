import { randomBytes } from 'node:crypto';
import { QuintupleoError } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { AccessRule } from '../client/identity.ts';
import { OpenStack } from '../client/openstack.ts';
import { explaining } from '../provision/resources/explain.ts';
import type { Site } from '../provision/resources/site.ts';

interface Secret {
  readonly id: string;
  readonly secret: string;
}

/** What lets the service instance speak to the cloud. */
export interface ServiceCredential extends Secret {
  /** Milliseconds since the epoch; `undefined`: until it is revoked. */
  readonly expires?: number | undefined;
  /** Whether it may only what the service does; else whatever its user may in the project. */
  readonly restricted: boolean;
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
 * Makes a credential for the lab's service; those that it had before stay.
 * @param lease - milliseconds that the lab may stay; `undefined`: for ever
 * @throws QuintupleoError `CREDENTIAL_REFUSED` where the user may not make one
 */
export async function makeCredential(
  site: CredentialSite,
  lease: number | undefined,
): Promise<ServiceCredential> {
  const expires = lease === undefined ? undefined : site.clock.now() + lease + spare;
  const made = await create(site, expires, accessRules);
  if (await isUsable(site, made)) return { ...made, expires, restricted: true };
  await site.openstack.identity.deleteApplicationCredential(made.id, site.ctx);
  site.log.warn(
    { lab: site.lab },
    "this cloud's services refuse credentials with access rules: the service instance gets one that may do in this project what its user may, until down revokes it",
  );
  return { ...(await create(site, expires, undefined)), expires, restricted: false };
}

/** IDs of all that the lab's service may have to speak to the cloud with. */
export async function credentialsOf(site: CredentialSite): Promise<readonly string[]> {
  const all = await site.openstack.identity.listApplicationCredentials(site.ctx);
  return all.filter(({ name }) => name.startsWith(nameOf(site))).map(({ id }) => id);
}

/** Revokes credentials by their IDs. */
export async function revokeCredentials(site: CredentialSite, ids: readonly string[]): Promise<void> {
  await explaining(`the credential of lab ${site.lab} cannot be revoked`, async () => {
    for (const id of ids) await site.openstack.identity.deleteApplicationCredential(id, site.ctx);
  });
}

/** Whether a credential ends when one ends that is made now for such a lease, or somewhat before, but not before the lease. */
export function fitsLease({ expires }: ServiceCredential, lease: number | undefined, now: number): boolean {
  if (expires === undefined || lease === undefined) return expires === lease;
  return expires >= now + lease && expires <= now + lease + spare;
}

async function create(
  site: CredentialSite,
  expires: number | undefined,
  rules: readonly AccessRule[] | undefined,
): Promise<Secret> {
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

/** Whether the cloud's services take a credential: those that were not told their own type refuse every one with access rules. */
async function isUsable(site: CredentialSite, { id, secret }: Secret): Promise<boolean> {
  const { openstack, clock, log, ctx } = site;
  const auth = { type: 'application-credential', credential: { id }, secret } as const;
  await using probe = OpenStack.connect(
    { ...openstack.config, auth, project: undefined },
    { clock, log: quiet(log) },
  );
  try {
    await probe.compute.listServers({ details: true }, ctx);
    await probe.network.ports.list({ name: 'none' }, ctx);
    await probe.image.list({ name: 'none' }, ctx);
    return true;
  } catch (error) {
    if (!isOpenStackError(error, 'unauthorized', 'forbidden')) throw error;
    return false;
  }
}

function nameOf({ lab, owner }: CredentialSite): string {
  return `quintupleo_${owner}_${lab}_`;
}

/** What is only tried is not worth a warning. */
function quiet(log: Logger): Logger {
  return log.child({}, { level: 'error' });
}
