import { describe, expect, test } from 'vitest';
import { OpenStack } from '../../../../src/drivers/openstack/client/openstack.ts';
import {
  type CredentialSite,
  credentialsOf,
  fitsLease,
  makeCredential,
  revokeCredentials,
} from '../../../../src/drivers/openstack/service/credential.ts';
import { silentLog } from '../../../../src/support/log.ts';
import { ImpatientClock } from '../client/impatient-clock.ts';
import { StandInCloud } from '../stand-in/stand-in-cloud.ts';

const hour = 3_600_000;

/** Someone who may ask the stand-in cloud for credentials. */
async function start(lab = 'lab') {
  const clock = new ImpatientClock();
  const cloud = await StandInCloud.start({ clock });
  const openstack = OpenStack.connect(cloud.config(), { clock, log: silentLog, random: () => 0.5 });
  const ctx = { reason: 'test' };
  const site: CredentialSite = { openstack, lab, owner: 'beef01', clock, log: silentLog, ctx };
  return {
    cloud,
    clock,
    site,
    asked: () => cloud.requestsTo({ service: 'identity', method: 'POST', path: /application_credentials$/ }),
    [Symbol.asyncDispose]: async () => {
      await openstack[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

describe('the credential of a service instance', () => {
  test('is asked for with the rules of what the service does, and may make no further one', async () => {
    await using at = await start();
    const made = await makeCredential(at.site, undefined);
    expect(made).toEqual({ id: expect.any(String), secret: expect.any(String), restricted: true });
    const read = (service: string) => ({ service, method: 'GET', path: '/**' });
    const act = (method: string, path: string) => ({
      service: 'compute',
      method,
      path: `/**/servers/*/${path}`,
    });
    expect(at.asked().map(({ body }) => body)).toEqual([
      {
        application_credential: {
          name: expect.stringMatching(/^quintupleo_beef01_lab_[0-9a-f]{8}$/),
          description: 'quintupleo: the BMCs of lab lab',
          unrestricted: false,
          access_rules: [
            ...['compute', 'network', 'image', 'block-storage', 'volumev3'].map(read),
            act('POST', 'action'),
            act('POST', 'remote-consoles'),
            act('POST', 'metadata'),
            act('DELETE', 'metadata/*'),
          ],
        },
      },
    ]);
  });

  test('lets nobody make or delete anything', async () => {
    await using at = await start();
    const { id, secret } = await makeCredential(at.site, undefined);
    const auth = { type: 'application-credential', credential: { id }, secret } as const;
    const config = { ...at.cloud.config(), auth, project: undefined };
    const { clock, log, ctx } = at.site;
    await using holder = OpenStack.connect(config, { clock, log });
    expect((await holder.compute.listServers({ details: true }, ctx)).servers).toEqual([]);
    await expect(holder.compute.deleteServer('any', ctx)).rejects.toMatchObject({ code: 'unauthorized' });
    const network = holder.network.networks.create({ name: 'any' }, { find: async () => undefined }, ctx);
    await expect(network).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('ends an hour after the lease of its lab', async () => {
    await using at = await start();
    const now = at.clock.now();
    const made = await makeCredential(at.site, 4 * hour);
    const [asked] = at.asked();
    const expires = new Date(made.expires ?? 0);
    expect(asked?.body).toMatchObject({ application_credential: { expires_at: expires.toISOString() } });
    expect(expires.getTime()).toBeGreaterThanOrEqual(now + 5 * hour);
    expect(fitsLease(made, 4 * hour, now)).toBe(true);
    expect(fitsLease(made, 4 * hour, now + hour)).toBe(true);
    expect(fitsLease(made, 4 * hour, now + 2 * hour)).toBe(false);
    expect(fitsLease(made, hour, now)).toBe(false);
    expect(fitsLease(made, undefined, now)).toBe(false);
    expect(fitsLease({ ...made, expires: undefined }, hour, now)).toBe(false);
  });

  test.each([401, 403])('has no rules where services answer %i to those that have', async status => {
    await using at = await start();
    const refusal = at.cloud.inject({
      match: { service: 'compute', path: '/servers/detail' },
      times: Number.POSITIVE_INFINITY,
      respond: { type: 'status', status },
    });
    const made = await makeCredential(at.site, hour);
    refusal.remove();
    expect(made.restricted).toBe(false);
    expect(
      at
        .asked()
        .map(({ body }) => Object.keys((body as { application_credential: object }).application_credential)),
    ).toEqual([
      ['name', 'description', 'access_rules', 'expires_at', 'unrestricted'],
      ['name', 'description', 'expires_at', 'unrestricted'],
    ]);
    expect(await credentialsOf(at.site)).toEqual([made.id]);
  });

  test('is none where the user may make none, and it is said what helps', async () => {
    await using at = await start();
    const match = { service: 'identity', method: 'POST', path: /application_credentials$/ } as const;
    at.cloud.inject({ match, respond: { type: 'status', status: 403 } });
    await expect(makeCredential(at.site, undefined)).rejects.toMatchObject({
      code: 'CREDENTIAL_REFUSED',
      remedy: expect.stringContaining('--unrestricted'),
    });
  });

  test('is found and revoked by its lab, and no other credential with it', async () => {
    await using at = await start();
    const made = [await makeCredential(at.site, undefined), await makeCredential(at.site, undefined)];
    const strangers = [
      await makeCredential({ ...at.site, lab: 'lab-2' }, undefined),
      await makeCredential({ ...at.site, owner: 'beef02' }, undefined),
    ];
    const own = await at.site.openstack.identity.createApplicationCredential({ name: 'mine' }, at.site.ctx);
    const ids = await credentialsOf(at.site);
    expect([...ids].sort()).toEqual(made.map(({ id }) => id).sort());
    await revokeCredentials(at.site, ids);
    await revokeCredentials(at.site, ids);
    const left = at.cloud.snapshot()['application-credentials'];
    expect(left).toEqual([...strangers.map(({ id }) => id), own.id]);
  });

  test('takes its access rules along, unless another one has them', async () => {
    await using at = await start();
    const before = at.cloud.snapshot();
    const made = [await makeCredential(at.site, undefined), await makeCredential(at.site, undefined)];
    const rules = at.cloud.snapshot()['access-rules'];
    expect(rules).toHaveLength(9);
    const [first, second] = made.map(({ id }) => id);
    await revokeCredentials(at.site, [first ?? '']);
    expect(at.cloud.snapshot()['access-rules']).toEqual(rules);
    await revokeCredentials(at.site, [second ?? '']);
    expect(at.cloud.snapshot()).toEqual(before);
  });
});
