import { describe, expect, test } from 'vitest';
import { createFixture, type Fixture, type FixtureOptions } from '../fixture.ts';

const bios = '/redfish/v1/Systems/n1/Bios';
const settings = `${bios}/Settings`;
const fixedFirmware: FixtureOptions = { capabilities: { firmwareSettings: [], firmwareModes: [] } };

async function attributes({ ask }: Fixture, path: string) {
  return (await ask('GET', path)).body.Attributes;
}

describe('Bios', () => {
  const delivered = {
    BootMode: 'UEFI',
    SecureBoot: 'Disabled',
    SerialConsole: 'Enabled',
    NetworkBootNics: 1,
  };

  test('shows what the firmware is set to', async () => {
    const fixture = await createFixture();
    expect(await attributes(fixture, bios)).toEqual(delivered);
    expect(await attributes(fixture, settings)).toEqual(delivered);
  });

  test('what is written waits for the next boot, which takes it up', async () => {
    const fixture = await createFixture();
    await fixture.power('n1', 'on');
    const wanted = { BootMode: 'Legacy', SerialConsole: 'Disabled', NetworkBootNics: 0 };
    expect((await fixture.ask('PATCH', settings, { Attributes: wanted })).status).toBe(200);
    expect(await attributes(fixture, settings)).toEqual({ ...delivered, ...wanted });
    expect(await attributes(fixture, bios)).toEqual(delivered);

    await fixture.power('n1', 'off');
    expect(await attributes(fixture, bios)).toEqual(delivered);
    await fixture.power('n1', 'on');
    expect(await attributes(fixture, bios)).toEqual({ ...delivered, ...wanted });
    const { at } = await fixture.ask('GET', bios);
    expect(at('/@Redfish.Settings/Messages/0/MessageId')).toBe('Base.1.22.Success');
    expect(at('/@Redfish.Settings/Time')).toBeDefined();
  });

  test('what is written in parts adds up', async () => {
    const fixture = await createFixture();
    await fixture.ask('PATCH', settings, { Attributes: { SecureBoot: 'Enabled' } });
    await fixture.ask('PATCH', settings, { Attributes: { SerialConsole: 'Disabled' } });
    expect(await attributes(fixture, settings)).toEqual({
      ...delivered,
      SecureBoot: 'Enabled',
      SerialConsole: 'Disabled',
    });
  });

  test('accepts the apply time that it offers, as clients send it', async () => {
    const fixture = await createFixture();
    const { at } = await fixture.ask('GET', bios);
    expect(at('/@Redfish.Settings/SupportedApplyTimes@Redfish.AllowableValues')).toEqual(['OnReset']);
    const answer = await fixture.ask('PATCH', settings, {
      Attributes: { NetworkBootNics: 0 },
      '@Redfish.SettingsApplyTime': {
        '@odata.type': '#Settings.v1_0_0.PreferredApplyTime',
        ApplyTime: 'OnReset',
      },
    });
    expect(answer.status).toBe(200);
    expect(await attributes(fixture, settings)).toMatchObject({ NetworkBootNics: 0 });
  });

  test.each([
    [{ BootMode: 'Coreboot' }, 'PropertyValueNotInList', '/Attributes/BootMode'],
    [{ NetworkBootNics: 2 }, 'PropertyValueOutOfRange', '/Attributes/NetworkBootNics'],
    [{ NetworkBootNics: -1 }, 'PropertyValueOutOfRange', '/Attributes/NetworkBootNics'],
    [{ NetworkBootNics: '1' }, 'PropertyValueTypeError', '/Attributes/NetworkBootNics'],
    [{ Turbo: 'Enabled' }, 'PropertyUnknown', '/Attributes/Turbo'],
  ])('%o is refused, and the attribute named', async (wanted, id, about) => {
    const fixture = await createFixture();
    const { status, at } = await fixture.ask('PATCH', settings, { Attributes: wanted });
    expect(status).toBe(400);
    expect(at('/error/@Message.ExtendedInfo/0/MessageId')).toBe(`Base.1.22.${id}`);
    expect(at('/error/@Message.ExtendedInfo/0/RelatedProperties')).toEqual([about]);
    expect(await attributes(fixture, settings)).toEqual(delivered);
  });

  test('an attribute that this node cannot set is read-only', async () => {
    const fixture = await createFixture({ capabilities: { firmwareSettings: ['serialConsole'] } });
    const { status, at } = await fixture.ask('PATCH', settings, { Attributes: { BootMode: 'Legacy' } });
    expect(status).toBe(400);
    expect(at('/error/@Message.ExtendedInfo/0/MessageId')).toBe('Base.1.22.PropertyNotWritable');
  });

  test('ResetBios goes back to what the node came with, at the next boot', async () => {
    const fixture = await createFixture();
    await fixture.ask('PATCH', settings, { Attributes: { BootMode: 'Legacy' } });
    await fixture.power('n1', 'on');
    // As clients do that send no body at all.
    expect((await fixture.ask('POST', `${bios}/Actions/Bios.ResetBios`)).status).toBe(204);
    expect((await fixture.ask('GET', bios)).body.ResetBiosToDefaultsPending).toBe(true);
    expect(await attributes(fixture, bios)).toMatchObject({ BootMode: 'Legacy' });
    expect(await attributes(fixture, settings)).toEqual(delivered);
    await fixture.power('n1', 'off');
    await fixture.power('n1', 'on');
    expect(await attributes(fixture, bios)).toEqual(delivered);
    expect((await fixture.ask('GET', bios)).body.ResetBiosToDefaultsPending).toBe(false);
  });

  test('where nothing can be set, it tells what is known and offers nothing', async () => {
    const { ask } = await createFixture(fixedFirmware);
    const { body } = await ask('GET', bios);
    expect(body.Attributes).toEqual({ BootMode: 'UEFI', SecureBoot: 'Disabled' });
    expect(body).not.toHaveProperty('@Redfish.Settings');
    expect(body).not.toHaveProperty(['Actions', '#Bios.ResetBios']);
    expect((await ask('GET', settings)).status).toBe(404);
  });
});

describe('BIOS attribute registry', () => {
  async function entries(options: FixtureOptions = {}) {
    const { ask } = await createFixture(options);
    const { body } = await ask('GET', bios);
    const file = await ask('GET', `/redfish/v1/Registries/${body.AttributeRegistry}`);
    const registry = await ask('GET', String(file.at('/Location/0/Uri')));
    expect(registry.body.Id).toBe(body.AttributeRegistry);
    const described = registry.at('/RegistryEntries/Attributes') as readonly Record<string, unknown>[];
    return { described, shown: Object.keys(body.Attributes as object) };
  }

  test('describes every attribute', async () => {
    const { described, shown } = await entries();
    expect(described.map(entry => entry.AttributeName)).toEqual(shown);
  });

  test('says what may be written', async () => {
    const { described } = await entries();
    expect(described.every(entry => entry.ReadOnly === false)).toBe(true);
    const fixed = await entries(fixedFirmware);
    expect(fixed.described.every(entry => entry.ReadOnly === true)).toBe(true);
  });
});
