import { expect, test } from 'vitest';
import { capabilitiesOf } from '../../../src/drivers/qemu/capabilities.ts';

const all = { uefi: true, secureBoot: true };

test('a machine with a BIOS can be set to all that there is', () => {
  const { firmwareSettings, firmwareModes, mediaSlots } = capabilitiesOf('bios', all, 'bridge');
  expect([...firmwareSettings].sort()).toEqual([
    'bootOrder',
    'mode',
    'netbootNics',
    'secureBoot',
    'serialConsole',
  ]);
  expect(firmwareModes).toEqual(['bios', 'uefi']);
  expect(mediaSlots).toEqual(['cd', 'usb']);
});

test('UEFI does not leave the serial port alone, and so nobody is told that it would', () => {
  expect(capabilitiesOf('uefi', all, 'bridge').firmwareSettings).not.toContain('serialConsole');
});

test('a host without system management mode, or without UEFI, offers none of what needs it', () => {
  expect(capabilitiesOf('uefi', { uefi: true, secureBoot: false }, 'bridge').firmwareSettings).not.toContain(
    'secureBoot',
  );
  const plain = capabilitiesOf('bios', { uefi: false, secureBoot: true }, 'bridge');
  expect(plain.firmwareModes).toEqual(['bios']);
  expect(plain.firmwareSettings).not.toContain('secureBoot');
});
