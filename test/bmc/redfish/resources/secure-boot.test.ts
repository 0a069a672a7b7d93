import { describe, expect, test } from 'vitest';
import { createFixture } from '../fixture.ts';

const system = '/redfish/v1/Systems/n1';
const path = `${system}/SecureBoot`;

describe('SecureBoot', () => {
  test('what is switched on is in force from the next boot on', async () => {
    const fixture = await createFixture();
    const shown = async () => (await fixture.ask('GET', path)).body;
    expect(await shown()).toMatchObject({
      SecureBootEnable: false,
      SecureBootCurrentBoot: 'Disabled',
      SecureBootMode: 'SetupMode',
    });
    await fixture.power('n1', 'on');
    expect((await fixture.ask('PATCH', path, { SecureBootEnable: true })).status).toBe(200);
    expect(await shown()).toMatchObject({ SecureBootEnable: true, SecureBootCurrentBoot: 'Disabled' });
    await fixture.power('n1', 'off');
    await fixture.power('n1', 'on');
    expect(await shown()).toMatchObject({
      SecureBootEnable: true,
      SecureBootCurrentBoot: 'Enabled',
      SecureBootMode: 'UserMode',
    });
  });

  test('is a conflict under a legacy BIOS', async () => {
    const { ask } = await createFixture({ spec: { firmware: 'bios' } });
    const { status, at } = await ask('PATCH', path, { SecureBootEnable: true });
    expect(status).toBe(409);
    expect(at('/error/@Message.ExtendedInfo/0/RelatedProperties')).toEqual(['/SecureBootEnable']);
  });

  test('can be read but not written where the platform decides', async () => {
    const { ask } = await createFixture({
      spec: { cloud: { secureBoot: true } },
      capabilities: { firmwareSettings: [] },
    });
    expect((await ask('GET', path)).body.SecureBootEnable).toBe(true);
    const { status, at } = await ask('PATCH', path, { SecureBootEnable: false });
    expect(status).toBe(400);
    expect(at('/error/@Message.ExtendedInfo/0/MessageId')).toBe('Base.1.22.PropertyNotWritable');
    expect((await ask('PATCH', path, { SecureBootEnable: true })).status).toBe(200);
  });

  test('is unknown to a node that only has a BIOS', async () => {
    const { ask } = await createFixture({
      spec: { firmware: 'bios' },
      capabilities: { firmwareSettings: [] },
    });
    expect((await ask('GET', system)).body).not.toHaveProperty('SecureBoot');
    expect((await ask('GET', path)).status).toBe(404);
  });
});
