import { describe, expect, test } from 'vitest';
import { noOverride } from '../../../../src/node/boot.ts';
import { noSettings } from '../../../../src/node/firmware-settings.ts';
import { StubBmc } from '../stub-bmc.ts';

/** Sets a boot option and puts what the node is told into its state, as a real node does. */
async function set(bmc: StubBmc, hex: string): Promise<string> {
  const code = await bmc.ask(`00 08 ${hex}`);
  const last = bmc.node.commands.at(-1);
  if (last?.type === 'set-boot-override') {
    const { boot } = bmc.node.state.durable;
    bmc.node.set({}, { boot: { ...boot, ...last.override, revision: boot.revision + 1 } });
  }
  return code;
}

describe('boot flags', () => {
  test.each([
    ['80 04 00 00 00', { enabled: 'once', target: 'pxe' }],
    ['a0 04 00 00 00', { enabled: 'once', target: 'pxe' }],
    ['e0 08 00 00 00', { enabled: 'continuous', target: 'disk' }],
    ['c0 14 00 00 00', { enabled: 'continuous', target: 'cdrom' }],
    ['a0 24 00 00 01', undefined], // remote media, which the stub cannot boot from
    ['80 00 00 00 00', { enabled: 'once', target: 'default' }],
    ['80 56 7a 0b 1f', { enabled: 'once', target: 'cdrom' }],
  ])('%s reads back as written', async (bytes, override) => {
    const bmc = new StubBmc();
    if (!override) {
      bmc.node.reply = { accepted: false, refusal: 'unsupported', message: '' };
      expect(await bmc.ask(`00 08 05 ${bytes}`)).toBe('cc');
      return;
    }
    expect(await set(bmc, `05 ${bytes}`)).toBe('00');
    expect(bmc.node.commands).toMatchObject([
      { type: 'set-boot-override', override: { ...override }, by: 'ipmi' },
    ]);
    expect(await bmc.ask('00 09 05 00 00')).toBe(`000105${bytes.replaceAll(' ', '')}`);
  });

  test('reserved device selectors are refused', async () => {
    expect(await new StubBmc().ask('00 08 05 80 28 00 00 00')).toBe('cc');
    expect(await new StubBmc().ask('00 08 05 80 04')).toBe('c7');
  });

  test('an override that was used keeps its bits but is no longer valid', async () => {
    const bmc = new StubBmc();
    await set(bmc, '05 a0 04 00 00 00');
    bmc.node.set({}, { boot: { ...bmc.node.state.durable.boot, enabled: 'disabled' } });
    expect(await bmc.ask('00 09 05 00 00')).toBe('0001052004000000');
  });

  test.each([
    ['once', 'pxe', 'uefi', 'a004000000'],
    ['continuous', 'disk', undefined, 'c008000000'],
    ['once', 'cdrom', 'bios', '8014000000'],
  ] as const)(
    'an override of another face, %s %s %s, reads back as %s',
    async (enabled, target, mode, hex) => {
      const bmc = new StubBmc();
      bmc.node.set(
        {},
        {
          boot: { ...noOverride, enabled, target },
          firmware: { ...noSettings, current: mode ? { mode } : {} },
        },
      );
      expect(await bmc.ask('00 09 05 00 00')).toBe(`000105${hex}`);
    },
  );

  test('lapse after 60 s, unless parameter 3 says that they stay, as ironic does', async () => {
    const bmc = new StubBmc();
    await set(bmc, '05 80 04 00 00 00');
    expect(bmc.node.commands.at(-1)).toMatchObject({ expiresAfter: 60_000 });
    expect(await bmc.ask('00 08 03 08')).toBe('00');
    expect(await bmc.ask('00 09 03 00 00')).toBe('00010308');
    await set(bmc, '05 a0 04 00 00 00');
    expect(bmc.node.commands.at(-1)).toMatchObject({ expiresAfter: undefined });
  });
});

describe('other boot options', () => {
  test('set in progress keeps others out until it ends or lapses', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('00 09 00 00 00')).toBe('00010000');
    expect(await bmc.ask('00 08 00 01')).toBe('00');
    expect(await bmc.ask('00 09 00 00 00')).toBe('00010001');
    expect(await bmc.ask('00 08 00 01')).toBe('81');
    expect(await bmc.ask('00 08 00 02')).toBe('00'); // commit write
    expect(await bmc.ask('00 08 00 01')).toBe('00');
    expect(await bmc.ask('00 08 00 00')).toBe('00');
    expect(await bmc.ask('00 08 00 01')).toBe('00');
    await bmc.clock.advance(60_000);
    expect(await bmc.ask('00 08 00 01')).toBe('00');
    expect(await bmc.ask('00 08 00 03')).toBe('cc');
  });

  test.each([
    ['01', '07'],
    ['02', '03'],
    ['06', '0102030405060708ff'],
    ['07', '02000102030405060708090a0b0c0d0e0f'],
  ])('parameter %s is kept', async (parameter, bytes) => {
    const bmc = new StubBmc();
    expect(await bmc.ask(`00 08 ${parameter} ${bytes}`)).toBe('00');
    const block = parameter === '07' ? '02' : '00';
    expect(await bmc.ask(`00 09 ${parameter} ${block} 00`)).toBe(`0001${parameter}${bytes}`);
  });

  test('boot info acknowledge writes the bits that its mask names', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('00 08 04 ff 1e')).toBe('00');
    expect(await bmc.ask('00 08 04 01 01')).toBe('00');
    expect(await bmc.ask('00 09 04 00 00')).toBe('000104001f');
  });

  test('mailbox blocks are empty at first and few', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('00 09 07 00 00')).toBe(`000107${'00'.repeat(17)}`);
    expect(await bmc.ask('00 09 07 05 00')).toBe('c9');
    expect(await bmc.ask('00 08 07 05 00')).toBe('c9');
  });

  test('unknown parameters are told by their own code', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('00 09 08 00 00')).toBe('80');
    expect(await bmc.ask('00 08 60 00')).toBe('80');
  });
});
