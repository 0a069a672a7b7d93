import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { list, type Reply } from '../cloud-api.ts';
import { nowhere, type Workspace } from './workspace.ts';

const octets = { contentType: 'application/octet-stream' };
/** A refusal's words, which Glance wraps as the client accepts; here in HTML. */
const wordsOf = (reply: Reply): string => String(reply.body.text).replaceAll('&#x27;', "'");
const jsonPatch = { contentType: 'application/openstack-images-v2.1-json-patch' };

/** Glance: images, their content, tags and properties. */
export function imageContract(around: () => Workspace): void {
  const ids = (reply: Reply) => list(reply.body.images).map(({ id }) => id);

  describe('images', () => {
    test('are queued until they have content, and are found by tags and properties', async () => {
      const { api } = around();
      const name = around().name('image');
      const made = await api.post('image', '/v2/images', {
        name,
        disk_format: 'raw',
        container_format: 'bare',
        tags: [name, 'quintupleo'],
        contract_name: name,
      });
      expect(made).toMatchObject({
        status: 201,
        body: {
          status: 'queued',
          size: null,
          checksum: null,
          visibility: 'shared',
          // A set: in any order.
          tags: expect.toSatisfy((tags: string[]) => String(tags.toSorted()) === `${name},quintupleo`),
          contract_name: name,
          owner: api.projectId,
        },
      });
      const path = `/v2/images/${made.body.id}`;
      around().later(() => api.delete('image', path));
      expect((await api.get('image', `${path}/file`)).status).toBe(204);

      const content = Buffer.alloc(4096, 7);
      expect(
        (await api.call('PUT', 'image', `${path}/file`, content, { contentType: 'text/plain' })).status,
      ).toBe(415);
      expect((await api.call('PUT', 'image', `${path}/file`, content, octets)).status).toBe(204);
      const active = await around().until(async () => {
        const { body } = await api.get('image', path);
        return body.status === 'active' ? body : undefined;
      }, 'an active image');
      expect(active).toMatchObject({
        size: 4096,
        checksum: createHash('md5').update(content).digest('hex'),
        os_hash_algo: 'sha512',
        os_hash_value: createHash('sha512').update(content).digest('hex'),
      });
      const again = await api.call('PUT', 'image', `${path}/file`, content, octets);
      expect(again.status).toBe(409);
      expect(wordsOf(again)).toContain('Image status transition from active to saving is not allowed');

      expect(ids(await api.get('image', `/v2/images?tag=${name}&tag=quintupleo`))).toEqual([made.body.id]);
      expect(ids(await api.get('image', `/v2/images?tag=${name}&tag=nosuch`))).toEqual([]);
      expect(ids(await api.get('image', `/v2/images?contract_name=${name}`))).toEqual([made.body.id]);
      expect(ids(await api.get('image', `/v2/images?name=${name}`))).toEqual([made.body.id]);

      const change = await api.call(
        'PATCH',
        'image',
        path,
        [
          { op: 'add', path: '/hw_rescue_device', value: 'disk' },
          { op: 'replace', path: '/name', value: `${name}-2` },
        ],
        jsonPatch,
      );
      expect(change).toMatchObject({ status: 200, body: { hw_rescue_device: 'disk', name: `${name}-2` } });
      const refused = await api.call('PATCH', 'image', path, [{ op: 'remove', path: '/nosuch' }], jsonPatch);
      expect(refused.status).toBe(409);
      const readOnly = await api.call(
        'PATCH',
        'image',
        path,
        [{ op: 'replace', path: '/status', value: 'x' }],
        jsonPatch,
      );
      expect(readOnly).toMatchObject({ status: 403 });
      expect(wordsOf(readOnly)).toContain("Attribute 'status' is read-only.");

      expect((await api.put('image', `${path}/tags/one`)).status).toBe(204);
      expect((await api.delete('image', `${path}/tags/one`)).status).toBe(204);
      expect((await api.delete('image', `${path}/tags/one`)).status).toBe(404);

      expect((await api.delete('image', path)).status).toBe(204);
      const gone = await api.get('image', path);
      expect(gone.status).toBe(404);
      expect(wordsOf(gone)).toContain(`No image found with ID ${made.body.id}`);
    });

    test('are listed by pages', async () => {
      const { api } = around();
      const tag = around().name('pages');
      const made: unknown[] = [];
      for (let number = 0; number < 3; number++) {
        const { body } = await api.post('image', '/v2/images', { name: tag, tags: [tag] });
        around().later(() => api.delete('image', `/v2/images/${body.id}`));
        made.push(body.id);
      }
      const paged: unknown[] = [];
      let next: string | undefined = `/v2/images?tag=${tag}&limit=2`;
      for (let page = 0; next !== undefined && page < 5; page++) {
        const reply: Reply = await api.get('image', next);
        paged.push(...ids(reply));
        next = reply.body.next === undefined ? undefined : String(reply.body.next);
      }
      expect(paged.sort()).toEqual([...made].sort());
    });

    test('are refused with a format that is none, and for everybody', async () => {
      const { api } = around();
      const post = (body: object) =>
        api.post('image', '/v2/images', { name: around().name('refused'), ...body });
      const format = await post({ disk_format: 'zzz', container_format: 'bare' });
      expect(format.status).toBe(400);
      expect(wordsOf(format)).toContain("'zzz' is not one of");
      expect((await post({ visibility: 'public' })).status).toBe(403);
      expect((await post({ number: 5 })).status).toBe(400);
      expect((await api.get('image', `/v2/images/${nowhere}`)).status).toBe(404);
    });
  });
}
