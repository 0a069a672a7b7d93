import { expect, test } from 'vitest';
import { firmwareSettings } from '../../src/node/firmware-settings.ts';
import { everything, NodeModel } from './model.ts';

const set = (node: NodeModel, settings: object) =>
  node.command({ type: 'set-firmware', settings, by: 'test' });

test('what the firmware is set to is taken up by the next boot, and not before', () => {
  const node = new NodeModel(everything, 'on');
  expect(set(node, { mode: 'uefi' })).toMatchObject({ accepted: true });
  node.settle();
  expect(node.state.durable.firmware).toMatchObject({ current: {}, next: { mode: 'uefi' } });
  node.power('reset');
  node.settle();
  expect(node.state.durable.firmware).toMatchObject({ current: { mode: 'uefi' }, next: undefined });
  expect(node.state.log.entries.map(({ kind }) => kind)).toContain('firmware-taken-up');
});

test('a machine that is off is told as it is powered on', () => {
  const node = new NodeModel();
  node.observe({ type: 'power', power: 'off' });
  set(node, { mode: 'uefi' });
  node.settle();
  expect(node.acts).toEqual([]);
  node.power('on');
  node.settle();
  expect(node.acts).toMatchObject([{ action: 'on', boot: { settings: { changed: { mode: 'uefi' } } } }]);
  expect(node.state.durable.firmware.current).toEqual({ mode: 'uefi' });
});

test('a running machine is told, so that a restart by its guest takes the settings up', () => {
  const node = new NodeModel(everything, 'on');
  node.settle();
  set(node, { bootOrder: ['nic0', 'disk0'] });
  node.settle();
  node.guestRestarts();
  expect(node.state.durable.firmware.current).toEqual({ bootOrder: ['nic0', 'disk0'] });
});

test('settings that came after a boot began wait for the next one, and a once override is used but once', () => {
  const node = new NodeModel(everything, 'on');
  node.override('once', 'pxe');
  node.settle();
  node.power('reset');
  set(node, { mode: 'uefi' });
  node.finishCall();
  expect(node.state.durable.firmware.next).toEqual({ mode: 'uefi' });
  while (node.calls.length > 0) node.finishCall();
  expect(node.state.durable.boot.enabled).toBe('disabled');
});

test('what is set back before a boot is no change, and a reset goes back to the beginning', () => {
  const node = new NodeModel(everything, 'on');
  set(node, { mode: 'uefi' });
  node.command({ type: 'reset-firmware', by: 'test' });
  expect(node.state.durable.firmware.next).toBeUndefined();
  set(node, { mode: 'uefi' });
  node.power('reset');
  node.settle();
  node.command({ type: 'reset-firmware', by: 'test' });
  expect(node.state.durable.firmware).toMatchObject({ current: { mode: 'uefi' }, next: {} });
});

test('what the driver cannot set is refused', () => {
  const node = new NodeModel();
  expect(set(node, { secureBoot: true })).toMatchObject({ accepted: false, refusal: 'unsupported' });
});

test('a restart of the daemon keeps what waits for a boot', () => {
  const node = new NodeModel(everything, 'on');
  set(node, { mode: 'uefi' });
  node.restart();
  node.settle();
  expect(node.state.durable.firmware.next).toEqual({ mode: 'uefi' });
  node.guestRestarts();
  expect(node.state.durable.firmware.current).toEqual({ mode: 'uefi' });
});

test('devices that a node no longer has leave its boot order, new ones come last', () => {
  const spec = {
    name: 'n',
    uuid: 'u',
    cpus: 1,
    memory: 1,
    firmware: 'bios',
    disks: [{ name: 'a', size: 1 }],
    nics: [{ mac: '52:54:00:00:00:01', network: 'p' }],
  } as const;
  expect(firmwareSettings(spec, { bootOrder: ['nic0', 'disk7'] }).bootOrder).toEqual([
    'nic0',
    'disk0',
    'cd',
    'usb',
  ]);
});
