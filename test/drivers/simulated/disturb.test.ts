import { beforeEach, expect, test } from 'vitest';
import { SimulatedDriver } from '../../../src/drivers/simulated/simulated-driver.ts';
import type { NextBoot } from '../../../src/node/boot.ts';
import type { Disturbance } from '../../../src/node/disturbance.ts';
import type { MachineAct } from '../../../src/node/driver.ts';
import { noChange } from '../../../src/node/firmware-settings.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { Recorder } from '../recorder.ts';

const id = 'lab/n1';
const never = new AbortController().signal;
const boot = (target: NextBoot['target']): NextBoot => ({ target, settings: noChange, revision: 7 });

let driver: SimulatedDriver;
let recorder: Recorder;

const act = (one: MachineAct) => driver.act(id, one, never);
const disturb = (...wrong: Disturbance[]) => driver.disturb(id, wrong);
const console = async () => (await driver.serial(id).history()).toString();

beforeEach(async () => {
  driver = new SimulatedDriver({
    ...{ stateDirectory: undefined, clock: new VirtualClock(), latency: 0, faultRate: 0, seed: 1 },
  });
  const node = {
    ...{ name: 'n1', uuid: '7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f01', cpus: 1, memory: 2 ** 30 },
    ...{ disks: [], nics: [], firmware: 'bios' as const },
  };
  const lab = { name: 'lab', networks: [], nodes: [node] };
  for (const change of await driver.plan(lab)) await driver.apply(lab, change, never);
  recorder = await Recorder.of(driver);
});

test('firmware that hangs: on, silent, not booted, until that is lifted', async () => {
  expect(await disturb({ kind: 'firmware-hangs' })).toEqual([]);
  await act({ action: 'on', boot: boot('pxe') });
  expect(recorder.power(id)).toBe('on');
  await act({ action: 'reset', boot: boot('disk') });
  expect(await console()).toBe('');
  expect(recorder.of(id, 'booted')).toEqual([]);
  await disturb();
  expect(recorder.of(id, 'booted')).toMatchObject([{ cause: 'reset', revision: 7 }]);
  expect(await console()).toContain('simulated boot from disk');
});

test('a machine that runs feels hanging firmware when it next starts, and one that was powered off no more', async () => {
  await act({ action: 'on', boot: boot('disk') });
  expect(await disturb({ kind: 'firmware-hangs' })).toEqual([
    { kind: 'firmware-hangs', when: 'its firmware hangs when it next starts' },
  ]);
  expect(await console()).toContain('login:');
  driver.happen(id, 'guest-restart');
  expect(await console()).toBe('');
  await act({ action: 'off' });
  await disturb();
  expect(recorder.power(id)).toBe('off');
  expect(recorder.of(id, 'booted')).toHaveLength(1);
});

test('a driver that looks while firmware hangs sees no boot', async () => {
  await disturb({ kind: 'firmware-hangs' });
  await act({ action: 'on', boot: boot('disk') });
  const later = await Recorder.of(driver);
  expect(later.of(id, 'booted')).toEqual([]);
  expect(later.power(id)).toBe('on');
});

test('the console tells what else is wrong, as it comes and goes, and where boots fail of it', async () => {
  await act({ action: 'on', boot: boot('pxe') });
  await console();
  await disturb({ kind: 'dhcp-lost' }, { kind: 'disk-fails', disk: 0 });
  expect(await console()).toContain('disk0: I/O error');
  await act({ action: 'reset', boot: boot('pxe') });
  expect(await console()).toMatch(/boot from pxe\r\nno answer to DHCP\r\n$/);
  await act({ action: 'reset', boot: boot('default') });
  expect(await console()).toMatch(/boot from default\r\ndisk0: I\/O error\r\n$/);
  await disturb();
  expect(await console()).toContain('no longer: no answer to DHCP');
  await act({ action: 'reset', boot: boot('pxe') });
  expect(await console()).toContain('login:');
});
