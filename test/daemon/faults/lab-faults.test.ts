import { beforeEach, expect, test } from 'vitest';
import { LabFaults } from '../../../src/daemon/faults/lab-faults.ts';
import { parseFault } from '../../../src/faults/fault.ts';
import { Faults } from '../../../src/faults/faults.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { silentLog } from '../../../src/support/log.ts';

const unreachable = { nodes: ['a', 'b'], fault: parseFault({ kind: 'bmc-unreachable' }) };
const lossy = { nodes: undefined, fault: parseFault({ kind: 'bmc-lossy', loss: 0.1 }) };
const cloud = { nodes: undefined, fault: parseFault({ kind: 'cloud-errors' }) };

let served: string[];
let lab: LabFaults;

beforeEach(() => {
  served = ['a', 'b'];
  lab = new LabFaults({
    lab: 'one',
    driver: 'simulated',
    faults: new Faults(new VirtualClock(), () => 1),
    nodes: () => served,
    settled: async () => undefined,
    log: silentLog,
  });
});

const injected = () => lab.status().map(({ id, kind, nodes }) => `${id} ${kind} ${nodes.join()}`);

test("a lab file's faults are injected where nodes are served", async () => {
  served = ['b'];
  await lab.begin([unreachable, lossy, { ...unreachable, nodes: ['a'] }]);
  expect(injected()).toEqual(['f1 bmc-unreachable b', 'f2 bmc-lossy b']);
});

test("a lab file's faults stay as they are when they are the same, and are replaced when not", async () => {
  await lab.begin([unreachable]);
  await lab.begin([unreachable]);
  expect(injected()).toEqual(['f1 bmc-unreachable a,b']);
  await lab.begin([lossy]);
  expect(injected()).toEqual(['f2 bmc-lossy a,b']);
  await lab.end();
  expect(injected()).toEqual([]);
  await lab.begin([lossy]);
  expect(injected()).toEqual(['f3 bmc-lossy a,b']);
});

test("a lab file's faults are known again when one of them cannot be injected", async () => {
  await expect(lab.begin([lossy, cloud])).rejects.toMatchObject({ code: 'FAULT_NEEDS_CLOUD' });
  await expect(lab.begin([lossy, cloud])).rejects.toMatchObject({ code: 'FAULT_NEEDS_CLOUD' });
  expect(injected()).toEqual(['f2 bmc-lossy a,b']);
});
