import { expect, test } from 'vitest';
import {
  chooseStrategy,
  type StrategyFacts,
} from '../../../src/drivers/openstack/machines/boot-strategies/choose.ts';

const nothing: StrategyFacts = {
  wanted: undefined,
  hasFirmware: false,
  pxeFirst: undefined,
  rescueImage: undefined,
  ipxeImage: undefined,
};
const choose = (facts: Partial<StrategyFacts>) => chooseStrategy({ ...nothing, ...facts });

test('servers that the lab made ask the director', () => {
  expect(choose({ hasFirmware: true, pxeFirst: 'its flavor', rescueImage: 'image' }).strategy).toBe(
    'director',
  );
});

test('other servers get what the cloud can do best', () => {
  expect(choose({ pxeFirst: 'its flavor says so', rescueImage: 'image' })).toEqual({
    strategy: 'pxe-first',
    reason: 'its flavor says so',
  });
  expect(choose({ rescueImage: 'image', ipxeImage: 'image' }).strategy).toBe('rescue');
  expect(choose({ ipxeImage: 'image' }).strategy).toBe('none');
});

test('the lab file is obeyed where that can be', () => {
  expect(choose({ wanted: 'pxe-first', hasFirmware: true }).strategy).toBe('pxe-first');
  expect(choose({ wanted: 'ipxe-disk', ipxeImage: 'image' }).strategy).toBe('ipxe-disk');
});

test('what cannot be had is said', () => {
  expect(choose({ wanted: 'rescue' })).toEqual({
    strategy: 'none',
    reason: 'the lab file says rescue, but there is no iPXE image to rescue with',
  });
  expect(choose({ wanted: 'director' }).reason).toContain('no firmware that asks');
});
