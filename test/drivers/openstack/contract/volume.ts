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
