import { beforeEach, describe, expect, test } from 'vitest';
import { FaultyMachine } from '../../../src/daemon/faults/faulty-machine.ts';
import { type FaultContent, parseFault } from '../../../src/faults/fault.ts';
import { Faults } from '../../../src/faults/faults.ts';
import type { MachineAct, Observation } from '../../../src/node/driver.ts';
import { noChange } from '../../../src/node/firmware-settings.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { everything } from '../../node/model.ts';

let clock: VirtualClock;
let faults: Faults;
let machine: FaultyMachine;
let done: MachineAct[];
let seen: Observation[];

beforeEach(() => {
  clock = new VirtualClock();
  faults = new Faults(clock, () => 1);
  done = [];
  seen = [];
  const view = faults.view('one', 'a');
  machine = new FaultyMachine({
    view,
    clock,
    driver: {
      act: async (_machine, act) => {
        done.push(act);
      },
      capabilities: () => everything,
      serial: () => {
        throw new Error('nobody asks for it');
      },
    },
  });
  machine.onObservation(observation => seen.push(observation));
  view.onChange(() => machine.changed());
});

const inject = (content: FaultContent) =>
  faults.inject({ lab: 'one', nodes: ['a'], fault: parseFault(content) }).id;
const act = (wanted: MachineAct) => machine.act('one/a', wanted, new AbortController().signal);
const pxe = { target: 'pxe', settings: noChange, revision: 7 } as const;
const actions = () => done.map(({ action }) => action);
const powers = () => seen.flatMap(one => (one.type === 'power' ? [one.power] : []));

describe('what a machine is told', () => {
  test('is done when nothing is wrong', async () => {
    await act({ action: 'on', boot: pxe });
    expect(done).toEqual([{ action: 'on', boot: pxe }]);
  });

  test('is not done where it is ignored, and nothing else is', async () => {
    inject({ kind: 'command-ignored', actions: ['off'] });
    await act({ action: 'off' });
    await act({ action: 'reset', boot: pxe });
    await act({ action: 'set-next-boot', boot: pxe });
    expect(actions()).toEqual(['reset', 'set-next-boot']);
  });

  test('does not move power that is stuck', async () => {
    inject({ kind: 'power-stuck', at: 'on' });
    await act({ action: 'off' });
    await act({ action: 'soft-off' });
    await act({ action: 'on', boot: pxe });
    expect(actions()).toEqual(['on']);
  });

  test('is done without the boot device that is forgotten', async () => {
    inject({ kind: 'boot-device-forgotten' });
    await act({ action: 'on', boot: pxe });
    expect(done).toEqual([{ action: 'on', boot: { ...pxe, target: 'default' } }]);
  });

  test('is told again to a running machine when it is no longer forgotten', async () => {
    machine.observe({ type: 'power', power: 'on' });
    const tellBoot = () => machine.tellBoot('one/a', new AbortController().signal);
    await act({ action: 'set-next-boot', boot: pxe });
    const id = inject({ kind: 'boot-device-forgotten' });
    await tellBoot();
    faults.lift('one', id);
    await tellBoot();
    const told = done.map(one => ('boot' in one ? one.boot.target : one.action));
    expect(told).toEqual(['pxe', 'default', 'pxe']);
  });

  test('fails as it shall', async () => {
    const id = inject({ kind: 'driver-errors', error: 'conflict' });
    await expect(act({ action: 'off' })).rejects.toMatchObject({ kind: 'conflict' });
    faults.lift('one', id);
    await act({ action: 'off' });
    expect(actions()).toEqual(['off']);
  });

  test('is done late', async () => {
    inject({ kind: 'driver-slow', delay: '10s' });
    const off = act({ action: 'off' });
    await clock.advance(9_999);
    expect(done).toEqual([]);
    await clock.advance(1);
    await off;
    expect(actions()).toEqual(['off']);
  });

  test('waits no longer than the fault lasts', async () => {
    const id = inject({ kind: 'driver-slow', delay: '1h' });
    const off = act({ action: 'off' });
    faults.lift('one', id);
    await off;
    expect(actions()).toEqual(['off']);
  });
});

describe('what is seen of a machine', () => {
  test('is nothing again when nothing was seen of it', () => {
    faults.lift('one', inject({ kind: 'wrong-power-state', shows: 'on' }));
    expect(powers()).toEqual(['on', 'unknown']);
  });

  test('is wrong until the fault is lifted, and then what it has come to be', () => {
    machine.observe({ type: 'power', power: 'off' });
    const id = inject({ kind: 'wrong-power-state', shows: 'off' });
    machine.observe({ type: 'booted', revision: 7, cause: 'power-on' });
    machine.observe({ type: 'power', power: 'on' });
    machine.observe({ type: 'load', load: 0.5 });
    expect(powers()).toEqual(['off', 'off']);
    faults.lift('one', id);
    expect(seen.slice(2)).toEqual([
      { type: 'load', load: 0.5 },
      { type: 'booted', revision: 7, cause: 'power-on', earlier: true },
      { type: 'power', power: 'on' },
    ]);
  });

  test('flaps', async () => {
    machine.observe({ type: 'power', power: 'on' });
    const id = inject({ kind: 'flapping-power-state', every: '5s' });
    await clock.advance(10_000);
    faults.lift('one', id);
    await clock.advance(10_000);
    expect(powers()).toEqual(['on', 'off', 'on', 'off', 'on']);
  });
});
