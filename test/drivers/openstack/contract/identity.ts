import { describe, expect, test } from 'vitest';
import type { CloudAuth } from '../../../../src/drivers/openstack/client/cloud-config.ts';
import { type ApiService, authenticate, list, object } from '../cloud-api.ts';
import { expectFault, type Workspace } from './workspace.ts';

const required = 'The request you have made requires authentication.';

/** Keystone: tokens and application credentials. */
export function identityContract(around: () => Workspace): void {
  describe('identity', () => {
    test('a token tells its project, user, roles, end and the catalogue', () => {
      const { token } = around().api;
      expect(token).toMatchObject({
        methods: ['password'],
        project: { id: expect.stringMatching(/^[0-9a-f]{32}$/), name: expect.any(String) },
        user: { id: expect.stringMatching(/^[0-9a-f]{32}$/), domain: { name: 'Default' } },
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z$/),
      });
      expect(list(token.roles).map(({ name }) => name)).toContain('member');
      const types = list(token.catalog).map(({ type }) => type);
      expect(types).toEqual(expect.arrayContaining(['identity', 'compute', 'network', 'image']));
    });

    test('a wrong password gets no token', async () => {
      const { config } = around().cloud;
      if (config.auth.type !== 'password') throw new Error('the contract needs a password');
      const reply = await authenticate(config, { ...config.auth, password: 'wrong' });
      expectFault(reply, 401, required);
      expect(reply.headers.get('x-subject-token')).toBeNull();
    });

    test('a token begets another one that ends no later', async () => {
      const { api, cloud } = around();
      const reply = await authenticate(cloud.config, { type: 'token', token: api.tokenId });
      expect(reply.status).toBe(201);
      const token = object(reply.body.token);
      expect(token).toMatchObject({ methods: expect.arrayContaining(['token', 'password']) });
      expect(token.expires_at).toBe(api.token.expires_at);
    });

    test.each<[ApiService, string]>([
      ['compute', '/servers'],
      ['network', '/v2.0/networks'],
      ['image', '/v2/images'],
      ['identity', '/auth/projects'],
    ])('%s refuses a token that is none', async (service, path) => {
      const { api } = around();
      const reply = await api.call('GET', service, path, undefined, { token: 'nonsense' });
      expect(reply.status).toBe(401);
    });

    test('Keystone tells its version at its address', async () => {
      const { api } = around();
      const reply = await api.get('identity', '');
      expect(reply).toMatchObject({ status: 200, body: { version: { id: expect.stringMatching(/^v3\./) } } });
    });

    describe('an application credential', () => {
      const path = () => `/users/${around().api.userId}/application_credentials`;

      test('speaks for its project, and gets no more tokens once it is deleted', async () => {
        const { api, cloud, name } = { ...around(), name: around().name('credential') };
        const wanted = { name, roles: [{ name: 'member' }], expires_at: '2099-01-01T00:00:00Z' };
        const made = await api.post('identity', path(), { application_credential: wanted });
        expect(made.status).toBe(201);
        const credential = object(made.body.application_credential);
        expect(credential).toMatchObject({
          project_id: api.projectId,
          expires_at: '2099-01-01T00:00:00.000000',
          secret: expect.any(String),
        });
        const auth: CloudAuth = {
          type: 'application-credential',
          credential: { id: String(credential.id) },
          secret: String(credential.secret),
        };
        const granted = await authenticate(cloud.config, auth);
        expect(granted).toMatchObject({
          status: 201,
          body: { token: { methods: ['application_credential'], project: { id: api.projectId } } },
        });
        const token = granted.headers.get('x-subject-token') ?? '';
        const use = () => api.call('GET', 'compute', '/servers', undefined, { token });
        expect((await use()).status).toBe(200);

        const again = await api.post('identity', path(), { application_credential: wanted });
        expectFault(again, 409, /Duplicate entry found with name/);
        const listed = await api.get('identity', path());
        expect(list(listed.body.application_credentials).map(({ id }) => id)).toContain(credential.id);
        expect(JSON.stringify(listed.body)).not.toContain(String(credential.secret));

        expect((await api.delete('identity', `${path()}/${credential.id}`)).status).toBe(204);
        // 404 comes from a Keystone whose cache still knows half of it. Tokens that it was given before may go on for
        // minutes, as long as anybody's cache knows them.
        const late = await authenticate(cloud.config, auth);
        expect([401, 404]).toContain(late.status);
        expect(late.headers.get('x-subject-token')).toBeNull();
        expectFault(
          await api.delete('identity', `${path()}/${credential.id}`),
          404,
          `Could not find Application Credential: ${credential.id}.`,
        );
      });

      test('has no role that its maker has not', async () => {
        const wanted = { name: around().name('grand'), roles: [{ name: 'admin' }] };
        const reply = await around().api.post('identity', path(), { application_credential: wanted });
        expectFault(reply, 400, /unassigned role/);
      });
    });
  });
}
