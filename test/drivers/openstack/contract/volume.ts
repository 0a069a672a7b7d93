import { describe, expect, test } from 'vitest';
import { list, object } from '../cloud-api.ts';
import { expectFault, nowhere, type Workspace } from './workspace.ts';

/** Cinder, where the cloud has it. */
export function volumeContract(around: () => Workspace): void {
  describe('volumes', () => {
    test('become available, and go', async context => {
      const { api } = around();
      if (!api.has('volume')) context.skip('the cloud has no Cinder');
      const name = around().name('volume');
      const made = await api.post('volume', '/volumes', {
        volume: { name, size: 1, metadata: { 'quintupleo:lab': name } },
      });
      expect(made.status).toBe(202);
      const id = String(object(made.body.volume).id);
      around().later(() => api.delete('volume', `/volumes/${id}`));
      const volume = await around().until(async () => {
        const found = object((await api.get('volume', `/volumes/${id}`)).body.volume);
        return found.status === 'available' ? found : undefined;
      }, 'an available volume');
      expect(volume).toMatchObject({
        name,
        size: 1,
        attachments: [],
        bootable: 'false',
        metadata: { 'quintupleo:lab': name },
      });
      const listed = await api.get('volume', `/volumes/detail?name=${name}`);
      expect(list(listed.body.volumes).map(volume => volume.id)).toEqual([id]);
      expect((await api.delete('volume', `/volumes/${id}`)).status).toBe(202);
      await around().until(async () => {
        const { status } = await api.get('volume', `/volumes/${id}`);
        return status === 404 ? true : undefined;
      }, 'the end of a volume');
    });

    test('are freed of servers that are gone, and only by Nova of those that exist', async context => {
      const { api } = around();
      if (!api.has('volume')) context.skip('the cloud has no Cinder');
      const attachments = { microversion: '3.27' };
      const created = await api.post('volume', '/volumes', {
        volume: { name: around().name('held'), size: 1 },
      });
      const id = String(object(created.body.volume).id);
      around().later(() => api.delete('volume', `/volumes/${id}`));
      const status = async () => object((await api.get('volume', `/volumes/${id}`)).body.volume).status;
      const until = (wanted: string) =>
        around().until(async () => ((await status()) === wanted ? true : undefined), `${wanted} volume`);
      const held = async () =>
        list((await api.get('volume', `/attachments?volume_id=${id}`, '3.27')).body.attachments);
      const free = (attachment: unknown) =>
        api.call('DELETE', 'volume', `/attachments/${attachment}`, undefined, attachments);
      await until('available');

      const body = { attachment: { volume_uuid: id, instance_uuid: nowhere } };
      expect((await api.post('volume', '/attachments', body, '3.27')).status).toBe(200);
      expect(await status()).toBe('reserved');
      const [reserved] = await held();
      expect(reserved).toMatchObject({ status: 'reserved', instance: nowhere, volume_id: id });
      expectFault(await api.get('volume', '/attachments', '3.0'), 404, 'The resource could not be found.');
      expect((await free(reserved?.id)).status).toBe(200);
      expect(await status()).toBe('available');
      expectFault(await free(reserved?.id), 404, /^Volume attachment could not be found/);

      const server = await around().createServer('holder');
      await around().settled(server, 'ACTIVE');
      const attach = { volumeAttachment: { volumeId: id } };
      expect((await api.post('compute', `/servers/${server}/os-volume_attachments`, attach)).status).toBe(
        200,
      );
      await until('in-use');
      const [attached] = await held();
      expect(attached).toMatchObject({ status: 'attached', instance: server });
      expectFault(await free(attached?.id), 409, /^ConflictNovaUsingAttachment: /);
      await api.delete('compute', `/servers/${server}`);
      await around().untilGone(server);
      await until('available');
    });

    test('that are not there are not found', async context => {
      const { api } = around();
      if (!api.has('volume')) context.skip('the cloud has no Cinder');
      expectFault(
        await api.get('volume', `/volumes/${nowhere}`),
        404,
        `Volume ${nowhere} could not be found.`,
      );
    });

    test('are limited', async context => {
      const { api } = around();
      if (!api.has('volume')) context.skip('the cloud has no Cinder');
      const { body } = await api.get('volume', '/limits');
      expect(object(object(body.limits).absolute)).toMatchObject({
        maxTotalVolumes: expect.any(Number),
        maxTotalVolumeGigabytes: expect.any(Number),
        totalVolumesUsed: expect.any(Number),
        totalGigabytesUsed: expect.any(Number),
      });
    });
  });
}
