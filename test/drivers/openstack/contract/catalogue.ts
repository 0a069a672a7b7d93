import { describe, expect, test } from 'vitest';
import { list, object } from '../cloud-api.ts';
import { expectFault, type Workspace } from './workspace.ts';

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGz7kbVgAF6DLaHlvrlAZUVJFFUcDcEIDBEl9ZNjN4ql contract';

/** What servers are made of and kept beside: flavors, limits, zones, keypairs, server groups. */
export function catalogueContract(around: () => Workspace): void {
  describe('beside servers', () => {
    test('flavors tell their size; in full since 2.61', async () => {
      const { api } = around();
      const [flavor] = list((await api.get('compute', '/flavors/detail')).body.flavors);
      expect(flavor).toMatchObject({
        vcpus: expect.any(Number),
        ram: expect.any(Number),
        disk: expect.any(Number),
        'OS-FLV-EXT-DATA:ephemeral': expect.any(Number),
        extra_specs: expect.any(Object),
      });
      const [old] = list((await api.get('compute', '/flavors/detail', '2.1')).body.flavors);
      expect(old).not.toHaveProperty('extra_specs');
    });

    test('limits and zones are told', async () => {
      const { api } = around();
      const { body } = await api.get('compute', '/limits');
      expect(object(body.limits).absolute).toMatchObject({
        maxTotalInstances: expect.any(Number),
        maxTotalCores: expect.any(Number),
        maxTotalRAMSize: expect.any(Number),
        totalInstancesUsed: expect.any(Number),
        totalCoresUsed: expect.any(Number),
        totalRAMUsed: expect.any(Number),
      });
      const zones = await api.get('compute', '/os-availability-zone');
      expect(list(zones.body.availabilityZoneInfo)).toContainEqual(
        expect.objectContaining({
          zoneName: expect.any(String),
          zoneState: { available: true },
          hosts: null,
        }),
      );
    });

    test('keypairs are the user’s, by name', async () => {
      const { api } = around();
      const name = around().name('key');
      const post = (keypair: object) => api.post('compute', '/os-keypairs', { keypair });
      around().later(() => api.delete('compute', `/os-keypairs/${name}`));
      expect(await post({ name, public_key: publicKey })).toMatchObject({
        status: 201,
        body: { keypair: { name, fingerprint: 'f4:74:f1:de:93:ee:f8:37:6f:ca:85:d0:3f:ee:a7:07' } },
      });
      expectFault(await post({ name, public_key: publicKey }), 409, `Key pair '${name}' already exists.`);
      expectFault(await post({ name: `${name}2`, public_key: 'garbage' }), 400, /Keypair data is invalid/);
      const listed = list((await api.get('compute', '/os-keypairs')).body.keypairs);
      expect(listed).toContainEqual({ keypair: expect.objectContaining({ name, type: 'ssh' }) });
      expect((await api.delete('compute', `/os-keypairs/${name}`)).status).toBe(204);
      expectFault(
        await api.delete('compute', `/os-keypairs/${name}`),
        404,
        `Keypair ${name} not found for user ${api.userId}`,
      );
    });

    test('server groups have one policy since 2.64', async () => {
      const { api } = around();
      const name = around().name('group');
      const post = (policy: string) =>
        api.post('compute', '/os-server-groups', { server_group: { name, policy } });
      const made = await post('anti-affinity');
      expect(made).toMatchObject({
        status: 200,
        body: { server_group: { name, policy: 'anti-affinity', members: [] } },
      });
      const path = `/os-server-groups/${object(made.body.server_group).id}`;
      expectFault(await post('zz'), 400, /'zz' is not one of/);
      expect((await api.delete('compute', path)).status).toBe(204);
      expectFault(await api.delete('compute', path), 404, /^Instance group .* could not be found.$/);
    });
  });
}
