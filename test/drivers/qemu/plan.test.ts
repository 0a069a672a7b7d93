import { describe, expect, test } from 'vitest';
import type { NetworkRecord } from '../../../src/drivers/qemu/lab-networks.ts';
import { type LabContent, planChanges } from '../../../src/drivers/qemu/plan.ts';
import type { NodeSpec } from '../../../src/node/spec.ts';

const network: NetworkRecord = {
  name: 'net',
  cidr: '192.0.2.0/24',
  dhcp: true,
  networking: 'bridge',
  reservations: {},
};
const machine: NodeSpec = {
  name: 'n1',
  uuid: '7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f01',
  cpus: 2,
  memory: 512 << 20,
  disks: [{ name: 'root', size: 10 * 2 ** 30 }],
  nics: [{ mac: '20:57:f8:00:00:01', network: 'net' }],
  firmware: 'bios',
};

function lab(networks: readonly NetworkRecord[], machines: readonly NodeSpec[]): LabContent {
  return {
    networks: new Map(networks.map(one => [one.name, one])),
    machines: new Map(machines.map(one => [one.name, one])),
  };
}

const nothing = lab([], []);
const whole = lab([network], [machine]);
const withMachine = (change: Partial<NodeSpec>) => lab([network], [{ ...machine, ...change }]);
const withNetwork = (change: Partial<NetworkRecord>) => lab([{ ...network, ...change }], [machine]);

describe('plan', () => {
  test('a new lab: networks first', () => {
    expect(planChanges(nothing, whole)).toEqual([
      {
        op: 'create',
        kind: 'network',
        name: 'net',
        summary: '192.0.2.0/24, bridge networking, with DHCP',
        disruptive: false,
      },
      {
        op: 'create',
        kind: 'machine',
        name: 'n1',
        summary: '2 cpus, 512 MiB memory, disk 10 GiB, network net, bios',
        disruptive: false,
      },
    ]);
  });

  test('nothing for what is as it shall be', () => {
    expect(planChanges(whole, whole)).toEqual([]);
  });

  test('taking down: machines first, and it hurts', () => {
    expect(planChanges(whole, nothing)).toMatchObject([
      { op: 'delete', kind: 'machine', disruptive: true },
      { op: 'delete', kind: 'network', disruptive: false },
    ]);
  });

  test('what was not finished is made if it is wanted, else taken away without asking', () => {
    const half: LabContent = {
      networks: new Map([['net', undefined]]),
      machines: new Map([['n1', undefined]]),
    };
    expect(planChanges(half, whole).map(({ op }) => op)).toEqual(['create', 'create']);
    expect(planChanges(half, nothing)).toMatchObject([
      { op: 'delete', kind: 'machine', disruptive: false },
      { op: 'delete', kind: 'network', disruptive: false },
    ]);
  });

  test.each([
    ['memory', { memory: 2 ** 30 }, 'memory 512 MiB → 1 GiB, at its next power-on', false],
    ['processors', { cpus: 4 }, 'cpus 2 → 4, at its next power-on', false],
    ['firmware', { firmware: 'uefi' }, 'firmware bios → uefi, at its next power-on', false],
    ['network cards', { nics: [] }, 'network cards, at its next power-on', false],
    ['a larger disk', { disks: [{ name: 'root', size: 20 * 2 ** 30 }] }, 'disk root 10 GiB → 20 GiB', false],
    [
      'another disk',
      { disks: [...machine.disks, { name: 'data', size: 2 ** 30 }] },
      'new disk data of 1 GiB, at its next power-on',
      false,
    ],
    ['a disk less', { disks: [] }, 'disk root is deleted, at its next power-on', true],
  ] as const)('a machine’s %s', (_, change, summary, disruptive) => {
    expect(planChanges(whole, withMachine(change))).toEqual([
      { op: 'update', kind: 'machine', name: 'n1', summary, disruptive },
    ]);
  });

  test.each([
    ['range', { cidr: '198.51.100.0/24' }, '192.0.2.0/24 → 198.51.100.0/24', true],
    ['networking', { networking: 'user' }, 'bridge networking → user networking', true],
    [
      'reservations',
      { reservations: { '52:54:00:00:00:01': '192.0.2.11' } },
      'addresses of its network cards',
      false,
    ],
    ['DHCP', { dhcp: false }, 'without DHCP', false],
  ] as const)('a network’s %s', (_, change, summary, disruptive) => {
    expect(planChanges(whole, withNetwork(change))).toEqual([
      { op: 'update', kind: 'network', name: 'net', summary, disruptive },
    ]);
  });

  test('a network of which a part is gone is made anew', () => {
    const faults = new Map([['net', 'its bridge is gone']]);
    expect(planChanges({ ...whole, faults }, whole)).toMatchObject([
      { op: 'update', summary: 'made anew: its bridge is gone', disruptive: false },
    ]);
  });

  test('a disk does not shrink, and the error says what to do instead', () => {
    const smaller = withMachine({ disks: [{ name: 'root', size: 2 ** 30 }] });
    expect(() => planChanges(whole, smaller)).toThrow('disk root of n1 cannot shrink from 10 GiB to 1 GiB');
  });
});
