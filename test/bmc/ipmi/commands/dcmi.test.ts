import { expect, test } from 'vitest';
import { StubBmc } from '../stub-bmc.ts';

const text = (value: string) => Buffer.from(value).toString('hex');
const length = (value: number) => value.toString(16).padStart(2, '0');

test.each([
  ['01', '000100'],
  ['02', '00a2' + '0500'],
  ['03', '2001'],
  ['04', '01ffff'],
  ['05', '00'],
])('capabilities %s', async (parameter, bytes) => {
  expect(await new StubBmc().ask(`2c 01 dc ${parameter}`)).toBe(`00010502${bytes}`);
});

test('unknown capabilities are refused', async () => {
  expect(await new StubBmc().ask('2c 01 dc 09')).toBe('cc');
});

test('power is the sensor’s', async () => {
  const bmc = new StubBmc();
  expect(await bmc.ask('2c 02 dc 01 00 00')).toBe('005a005a005a005a00' + '00b95569' + 'e8030000' + '40');
  bmc.node.set({ power: 'off' });
  expect(await bmc.ask('2c 02 dc 01 00 00')).toMatch(/^000800/);
  expect(await bmc.ask('2c 02 dc 02 00 00')).toBe('cc');
});

test('the asset tag is written and read in pieces', async () => {
  const bmc = new StubBmc();
  const tag = 'rack 7, unit 12, left';
  expect(await bmc.ask(`2c 08 dc 00 10 ${text(tag.slice(0, 16))}`)).toBe('0010');
  bmc.node.set({}, { assetTag: tag.slice(0, 16) });
  expect(await bmc.ask(`2c 08 dc 10 05 ${text(tag.slice(16))}`)).toBe('0015');
  expect(bmc.node.commands.at(-1)).toEqual({ type: 'set-asset-tag', tag });
  bmc.node.set({}, { assetTag: tag });
  expect(await bmc.ask('2c 06 dc 00 10')).toBe(`0015${text(tag.slice(0, 16))}`);
  expect(await bmc.ask('2c 06 dc 10 10')).toBe(`0015${text(tag.slice(16))}`);
  expect(await bmc.ask('2c 06 dc 16 10')).toBe('c9');
  expect(await bmc.ask(`2c 08 dc 30 10 ${text('x'.repeat(16))}`)).toBe('c9'); // a gap, and too long
});

test('the controller ID is the node’s name until it is set', async () => {
  const bmc = new StubBmc();
  expect(await bmc.ask('2c 09 dc 00 10')).toBe(`0007${text('node-0\0')}`);
  expect(await bmc.ask(`2c 0a dc 00 04 ${text('bmc\0')}`)).toBe(`00${length(4)}`);
  expect(await bmc.ask('2c 09 dc 00 10')).toBe(`0004${text('bmc\0')}`);
});

test('temperatures and where they come from', async () => {
  const bmc = new StubBmc();
  expect(await bmc.ask('2c 10 dc 01 40 00 01')).toBe('0001011701');
  expect(await bmc.ask('2c 07 dc 01 40 00 01')).toBe('0001010100');
  expect(await bmc.ask('2c 10 dc 01 42 00 01')).toBe('000000');
  bmc.node.set({ power: 'off' });
  expect(await bmc.ask('2c 10 dc 01 41 00 01')).toBe('000000');
  expect(await bmc.ask('2c 10 dc 02 40 00 01')).toBe('cc');
});

test('other bodies of group extensions are not served', async () => {
  expect(await new StubBmc().ask('2c 00 00')).toBe('c1');
  expect(await new StubBmc().ask('2c 00 03')).toBe('c1');
  expect(await new StubBmc().ask('2c 3e 00 02')).toBe('c1');
});
