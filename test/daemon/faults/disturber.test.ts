import { beforeEach, expect, test } from 'vitest';
import { Disturber } from '../../../src/daemon/faults/disturber.ts';
import { type FaultContent, parseFault } from '../../../src/faults/fault.ts';
import { Faults } from '../../../src/faults/faults.ts';
import type { Disturbance } from '../../../src/node/disturbance.ts';
import { DriverError } from '../../../src/node/driver.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { silentLog } from '../../../src/support/log.ts';
import { everything } from '../../node/model.ts';

let clock: VirtualClock;
let faults: Faults;
let disturber: Disturber;
/** What is wrong with the machine. */
let wrong: readonly Disturbance[];
/** What the platform fails with. */
let failure: Error | undefined;

beforeEach(() => {
  clock = new VirtualClock();
  faults = new Faults(clock, () => 1);
  wrong = [];
  failure = undefined;
  const view = faults.view('one', 'a');
  const disturbances = ['nic-unplugged', 'disk-fails', 'firmware-hangs'] as const;
  disturber = new Disturber({
    machine: 'one/a',
    view,
    clock,
    log: silentLog,
    driver: {
      capabilities: () => ({ ...everything, disturbances }),
      disturb: async (_machine, wanted) => {
        if (failure) throw failure;
        if (wanted.some(one => 'nic' in one && one.nic > 0)) throw new DriverError('refused', 'no such card');
        wrong = wanted;
        return wanted.some(({ kind }) => kind === 'firmware-hangs')
          ? [{ kind: 'firmware-hangs', when: 'at its next start' }]
          : [];
      },
    },
  });
  view.onChange(() => disturber.changed());
});

const inject = (content: FaultContent) =>
  faults.inject({ lab: 'one', nodes: ['a'], fault: parseFault(content) }).id;
const kinds = () => wrong.map(({ kind }) => kind);
const problems = () => faults.list('one').map(one => one.problems.a);

test('a fault that cannot be had keeps no other from being made or lifted', async () => {
  const disk = inject({ kind: 'disk-fails' });
  inject({ kind: 'nic-unplugged', nic: 5 });
  inject({ kind: 'nic-unplugged' });
  await disturber.settled();
  expect(kinds()).toEqual(['disk-fails', 'nic-unplugged']);
  expect(problems()).toEqual([undefined, 'no such card', undefined]);
  faults.lift('one', disk);
  await disturber.settled();
  expect(kinds()).toEqual(['nic-unplugged']);
});

test('what the driver says of one fault is not said of others', async () => {
  inject({ kind: 'disk-fails' });
  inject({ kind: 'firmware-hangs' });
  inject({ kind: 'dhcp-lost' });
  await disturber.settled();
  expect(faults.list('one').map(one => one.notes.a)).toEqual([undefined, 'at its next start', undefined]);
  expect(problems()).toEqual([undefined, undefined, 'not with machines of this driver']);
});

test('what the driver cannot do now is done when it can', async () => {
  failure = new DriverError('transient', 'away');
  const disk = inject({ kind: 'disk-fails' });
  await disturber.settled();
  expect(problems()).toEqual(['away']);
  failure = undefined;
  await clock.advance(5_000);
  expect(kinds()).toEqual(['disk-fails']);
  expect(problems()).toEqual([undefined]);
  failure = new Error('QEMU does not answer');
  faults.lift('one', disk);
  await clock.advance(60_000);
  expect(kinds()).toEqual(['disk-fails']);
  failure = undefined;
  await clock.advance(5_000);
  expect(kinds()).toEqual([]);
});

test('nothing is wrong any more with a machine whose node is not served', async () => {
  inject({ kind: 'disk-fails' });
  await disturber.settled();
  await disturber.close();
  expect(kinds()).toEqual([]);
});

test('a driver that does not answer is given up when the node is no longer served', async () => {
  inject({ kind: 'disk-fails' });
  await disturber.settled();
  failure = new DriverError('transient', 'away');
  await disturber.close();
  failure = undefined;
  await clock.advance(60_000);
  expect(kinds()).toEqual(['disk-fails']);
});
