import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBootFlags, writeBootFlags } from '../../../src/bmc/ipmi/boot-flags.ts';
import { type BootTarget, noOverride } from '../../../src/node/boot.ts';

test('whatever a client writes reads back as written while it applies', () => {
  const five = fc.uint8Array({ minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(five, bytes => {
      const override = readBootFlags(Buffer.from(bytes));
      fc.pre(override !== undefined);
      expect([...writeBootFlags({ ...noOverride, ...override }, 'bios')]).toEqual([...bytes]);
    }),
  );
});

test.each<[string, BootTarget]>([
  ['8000000000', 'default'],
  ['8004000000', 'pxe'],
  ['8008000000', 'disk'],
  ['800c000000', 'disk-safe-mode'],
  ['8010000000', 'diagnostic'],
  ['8014000000', 'cdrom'],
  ['8018000000', 'bios-setup'],
  ['801c000000', 'removable'],
  ['8020000000', 'cdrom'],
  ['8024000000', 'removable'],
  ['802c000000', 'disk'],
  ['803c000000', 'removable'],
])('%s boots from %s', (hex, target) => {
  expect(readBootFlags(Buffer.from(hex, 'hex'))).toMatchObject({ target, enabled: 'once' });
});

test.each(['8028000000', '8030000000', '8034000000', '8038000000'])('%s is reserved', hex => {
  expect(readBootFlags(Buffer.from(hex, 'hex'))).toBeUndefined();
});

test('an override of another face shows the mode that it boots in', () => {
  const override = { ...noOverride, enabled: 'once', target: 'pxe' } as const;
  expect(writeBootFlags(override, 'bios').toString('hex')).toBe('8004000000');
  expect(writeBootFlags(override, 'uefi').toString('hex')).toBe('a004000000');
  expect(writeBootFlags({ ...override, enabled: 'disabled' }, 'uefi').toString('hex')).toBe('0000000000');
});
