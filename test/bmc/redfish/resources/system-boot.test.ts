import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answer, createFixture, type Fixture, type FixtureOptions } from '../fixture.ts';

const system = '/redfish/v1/Systems/n1';

interface Override {
  readonly BootSourceOverrideEnabled?: string;
  readonly BootSourceOverrideTarget?: string;
  readonly BootSourceOverrideMode?: string;
}

async function shown({ ask }: Fixture): Promise<Override> {
  const answer = await ask('GET', system);
  const text = (name: string) => String(answer.at(`/Boot/${name}`));
  return {
    BootSourceOverrideEnabled: text('BootSourceOverrideEnabled'),
    BootSourceOverrideTarget: text('BootSourceOverrideTarget'),
    BootSourceOverrideMode: text('BootSourceOverrideMode'),
  };
}

async function patched(fixture: Fixture, Boot: object): Promise<Override> {
  const answer = await fixture.ask('PATCH', system, { Boot });
  expect(answer.status, answer.text).toBe(200);
  return shown(fixture);
}

async function refused(options: FixtureOptions, Boot: object) {
  const { ask } = await createFixture(options);
  const answer = await ask('PATCH', system, { Boot });
  expect(answer.status, answer.text).toBe(400);
  return toldOf(answer);
}

/** The first message of an error, and the properties that it is about. */
function toldOf(answer: Answer) {
  const told = '/error/@Message.ExtendedInfo/0';
  return { id: answer.at(`${told}/MessageId`), about: answer.at(`${told}/RelatedProperties`) };
}

async function orderOf({ ask }: Fixture): Promise<readonly string[]> {
  return ((await ask('GET', system)).at('/Boot/BootOrder') ?? []) as readonly string[];
}

describe('boot source override', () => {
  test('a node that was never told boots as it is set up', async () => {
    expect(await shown(await createFixture())).toEqual({
      BootSourceOverrideEnabled: 'Disabled',
      BootSourceOverrideTarget: 'None',
      BootSourceOverrideMode: 'UEFI',
    });
  });

  test.each(['Pxe', 'Hdd', 'Cd', 'Usb', 'BiosSetup', 'Diags'])('%s reads back as written', async target => {
    for (const enabled of ['Once', 'Continuous']) {
      const wanted = { BootSourceOverrideEnabled: enabled, BootSourceOverrideTarget: target };
      expect(await patched(await createFixture(), wanted)).toMatchObject(wanted);
    }
  });

  test('offers what the driver can boot from, and no more', async () => {
    const fixture = await createFixture({ capabilities: { bootTargets: ['default', 'disk', 'pxe'] } });
    const answer = await fixture.ask('GET', system);
    const offered = answer.at('/Boot/BootSourceOverrideTarget@Redfish.AllowableValues');
    expect(offered).toEqual(['None', 'Pxe', 'Hdd']);
  });

  test('refuses what the driver cannot boot from, and names the property', async () => {
    const few = { capabilities: { bootTargets: ['default', 'disk', 'pxe'] as const } };
    expect(await refused(few, { BootSourceOverrideTarget: 'Cd' })).toEqual({
      id: 'Base.1.22.PropertyValueNotInList',
      about: ['/Boot/BootSourceOverrideTarget'],
    });
  });

  test('refuses what is no boot source at all', async () => {
    expect(await refused({}, { BootSourceOverrideTarget: 'Tape' })).toEqual({
      id: 'Base.1.22.PropertyValueNotInList',
      about: ['/Boot/BootSourceOverrideTarget'],
    });
  });

  test.each([
    ['UefiHttp', 'PropertyValueNotInList'],
    [5, 'PropertyValueTypeError'],
    [null, 'PropertyValueTypeError'],
  ])('does no half of an override to %o, which it cannot have', async (BootSourceOverrideTarget, id) => {
    const fixture = await createFixture();
    const Boot = { BootSourceOverrideEnabled: 'Continuous', BootSourceOverrideTarget };
    const answer = await fixture.ask('PATCH', system, { Boot });
    expect(answer.status).toBe(400);
    expect(toldOf(answer).id).toBe(`Base.1.22.${id}`);
    expect(await shown(fixture)).toMatchObject({ BootSourceOverrideEnabled: 'Disabled' });
  });

  test('once means once: the boot that uses it ends it', async () => {
    const fixture = await createFixture();
    await patched(fixture, { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe' });
    await fixture.power('n1', 'on');
    expect(await shown(fixture)).toMatchObject({
      BootSourceOverrideEnabled: 'Disabled',
      BootSourceOverrideTarget: 'None',
    });
  });

  test('continuous stays over boots', async () => {
    const fixture = await createFixture();
    const wanted = { BootSourceOverrideEnabled: 'Continuous', BootSourceOverrideTarget: 'Cd' };
    await patched(fixture, wanted);
    await fixture.power('n1', 'on');
    expect(await shown(fixture)).toMatchObject(wanted);
  });

  test('a once override waits for its boot as long as it takes', async () => {
    const fixture = await createFixture();
    const wanted = { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe' };
    await patched(fixture, wanted);
    await fixture.clock.advance(3_600_000);
    expect(await shown(fixture)).toMatchObject(wanted);
  });

  test('a target alone is for the next boot', async () => {
    expect(await patched(await createFixture(), { BootSourceOverrideTarget: 'Pxe' })).toMatchObject({
      BootSourceOverrideEnabled: 'Once',
      BootSourceOverrideTarget: 'Pxe',
    });
  });

  test('a target alone leaves an override as lasting as it was', async () => {
    const fixture = await createFixture();
    await patched(fixture, { BootSourceOverrideEnabled: 'Continuous', BootSourceOverrideTarget: 'Pxe' });
    expect(await patched(fixture, { BootSourceOverrideTarget: 'Hdd' })).toMatchObject({
      BootSourceOverrideEnabled: 'Continuous',
      BootSourceOverrideTarget: 'Hdd',
    });
  });

  test('lasting as long as is said alone, an override keeps its target', async () => {
    const fixture = await createFixture();
    await patched(fixture, { BootSourceOverrideTarget: 'Pxe' });
    expect(await patched(fixture, { BootSourceOverrideEnabled: 'Continuous' })).toMatchObject({
      BootSourceOverrideEnabled: 'Continuous',
      BootSourceOverrideTarget: 'Pxe',
    });
  });

  test.each([{ BootSourceOverrideEnabled: 'Disabled' }, { BootSourceOverrideTarget: 'None' }])(
    '%o ends an override',
    async end => {
      const fixture = await createFixture();
      await patched(fixture, { BootSourceOverrideEnabled: 'Continuous', BootSourceOverrideTarget: 'Pxe' });
      expect(await patched(fixture, end)).toMatchObject({
        BootSourceOverrideEnabled: 'Disabled',
        BootSourceOverrideTarget: 'None',
      });
    },
  );
});

test('whatever is written in whatever order reads back as it was written', async () => {
  const enabled = fc.constantFrom('Disabled', 'Once', 'Continuous');
  const target = fc.constantFrom('None', 'Pxe', 'Hdd', 'Cd', 'Usb', 'BiosSetup', 'Diags');
  const override = fc
    .record({ BootSourceOverrideEnabled: enabled, BootSourceOverrideTarget: target }, { requiredKeys: [] })
    .filter(wanted => Object.keys(wanted).length > 0);
  await fc.assert(
    fc.asyncProperty(fc.array(override, { minLength: 1, maxLength: 6 }), async sequence => {
      const fixture = await createFixture();
      for (const wanted of sequence) {
        const seen = await patched(fixture, wanted);
        if (seen.BootSourceOverrideEnabled === 'Disabled') {
          expect(seen.BootSourceOverrideTarget).toBe('None');
          expect([wanted.BootSourceOverrideEnabled, wanted.BootSourceOverrideTarget]).toContainEqual(
            expect.stringMatching(/Disabled|None/),
          );
        } else {
          expect(seen).toMatchObject(wanted);
        }
      }
    }),
    { numRuns: 30 },
  );
});

describe('boot mode', () => {
  test('switches the firmware of the next boot', async () => {
    const fixture = await createFixture();
    expect(await patched(fixture, { BootSourceOverrideMode: 'Legacy' })).toMatchObject({
      BootSourceOverrideMode: 'Legacy',
      BootSourceOverrideEnabled: 'Disabled',
    });
    expect(fixture.bmc('n1').node.state.durable.firmware).toMatchObject({
      current: {},
      next: { mode: 'bios' },
    });
    await fixture.power('n1', 'on');
    expect(fixture.bmc('n1').node.state.durable.firmware.current).toEqual({ mode: 'bios' });
  });

  test('a mode that is the node’s own is accepted where none can be set', async () => {
    const fixture = await createFixture({ capabilities: { firmwareSettings: [], firmwareModes: [] } });
    const wanted = {
      BootSourceOverrideEnabled: 'Once',
      BootSourceOverrideTarget: 'Pxe',
      BootSourceOverrideMode: 'UEFI',
    };
    expect(await patched(fixture, wanted)).toEqual(wanted);
  });

  test('another one is refused there, and nothing of the request is done', async () => {
    const fixture = await createFixture({ capabilities: { firmwareSettings: [], firmwareModes: [] } });
    const Boot = { BootSourceOverrideMode: 'Legacy', BootSourceOverrideTarget: 'Pxe' };
    const answer = await fixture.ask('PATCH', system, { AssetTag: 'rack 7', Boot });
    expect(answer.status).toBe(400);
    expect(toldOf(answer)).toEqual({
      id: 'Base.1.22.PropertyValueNotInList',
      about: ['/Boot/BootSourceOverrideMode'],
    });
    expect(await shown(fixture)).toMatchObject({ BootSourceOverrideTarget: 'None' });
    expect(fixture.bmc('n1').node.state.durable.assetTag).toBe('');
  });
});

describe('boot order', () => {
  test('names all boot devices by their boot options', async () => {
    const fixture = await createFixture();
    const names: unknown[] = [];
    for (const reference of await orderOf(fixture)) {
      const { body } = await fixture.ask('GET', `${system}/BootOptions/${reference}`);
      expect(body.BootOptionReference).toBe(reference);
      names.push(body.Alias);
    }
    expect(names).toEqual(['Hdd', 'Cd', 'Usb', 'Pxe']);
  });

  test('reads back as written, and SetDefaultBootOrder undoes it', async () => {
    const fixture = await createFixture();
    const order = ['Boot0003', 'Boot0000', 'Boot0001', 'Boot0002'];
    await patched(fixture, { BootOrder: order });
    expect(await orderOf(fixture)).toEqual(order);
    expect(fixture.bmc('n1').node.state.durable.firmware.next).toEqual({
      bootOrder: ['nic0', 'disk0', 'cd', 'usb'],
    });
    const undone = await fixture.ask('POST', `${system}/Actions/ComputerSystem.SetDefaultBootOrder`, {});
    expect(undone.status).toBe(204);
    expect(await orderOf(fixture)).toEqual([...order].sort());
  });

  test('refuses an order that leaves a device out, names one twice or one that is not there', async () => {
    const about = ['/Boot/BootOrder'];
    expect(await refused({}, { BootOrder: ['Boot0000'] })).toMatchObject({ about });
    const twice = ['Boot0000', 'Boot0000', 'Boot0001', 'Boot0002'];
    expect(await refused({}, { BootOrder: twice })).toMatchObject({ about });
    expect(await refused({}, { BootOrder: ['Boot0009'] })).toEqual({
      id: 'Base.1.22.PropertyValueNotInList',
      about: ['/Boot/BootOrder/0'],
    });
  });

  test('is not shown where it cannot be set', async () => {
    const { ask } = await createFixture({ capabilities: { firmwareSettings: ['mode'] } });
    const { body } = await ask('GET', system);
    expect(body.Boot).not.toHaveProperty('BootOrder');
    expect(body.Actions).not.toHaveProperty('#ComputerSystem.SetDefaultBootOrder');
    expect((await ask('GET', `${system}/BootOptions`)).status).toBe(404);
    expect((await ask('POST', `${system}/Actions/ComputerSystem.SetDefaultBootOrder`, {})).status).toBe(404);
  });
});
