import { describe, expect, test } from 'vitest';
import type { BootTarget } from '../../../../src/node/boot.ts';
import { createFixture, type Fixture } from '../fixture.ts';

const system = '/redfish/v1/Systems/n1';
const gib = 2 ** 30;

/** Bodies of a collection's members. */
async function members({ ask }: Fixture, path: string) {
  const { body } = await ask('GET', path);
  const links = body.Members as readonly { '@odata.id': string }[];
  expect(body['Members@odata.count']).toBe(links.length);
  const answers = await Promise.all(links.map(link => ask('GET', link['@odata.id'])));
  return answers.map(answer => answer.body);
}

describe('processors', () => {
  test('all cores are in the one socket', async () => {
    const fixture = await createFixture({ spec: { cpus: 6 } });
    expect(await members(fixture, `${system}/Processors`)).toMatchObject([
      { Id: 'CPU1', ProcessorArchitecture: 'x86', TotalCores: 6, TotalThreads: 6 },
    ]);
  });
});

describe('memory', () => {
  test('is one module up to 16 GiB', async () => {
    const fixture = await createFixture({ spec: { memory: 512 * 2 ** 20 } });
    expect(await members(fixture, `${system}/Memory`)).toMatchObject([{ Id: 'DIMM1', CapacityMiB: 512 }]);
    const { at } = await fixture.ask('GET', system);
    expect(at('/MemorySummary/TotalSystemMemoryGiB')).toBe(0.5);
  });

  test('is several modules above that, which add up', async () => {
    const fixture = await createFixture({ spec: { memory: 40 * gib } });
    const modules = await members(fixture, `${system}/Memory`);
    expect(modules.map(module => module.CapacityMiB)).toEqual([16_384, 16_384, 8192]);
  });
});

describe('Ethernet interfaces', () => {
  const nics = [
    { mac: '52:54:00:00:00:0a', network: 'provisioning' },
    { mac: '52:54:00:00:00:0b', network: 'tenant' },
  ];

  test('are the node’s network cards, linked while it is on', async () => {
    const fixture = await createFixture({ spec: { nics } });
    const path = `${system}/EthernetInterfaces`;
    expect(await members(fixture, path)).toMatchObject([
      {
        Id: 'NIC1',
        MACAddress: '52:54:00:00:00:0a',
        LinkStatus: 'LinkDown',
        Status: { State: 'Enabled', Health: 'OK' },
      },
      { Id: 'NIC2', MACAddress: '52:54:00:00:00:0b' },
    ]);
    await fixture.power('n1', 'on');
    expect(await members(fixture, path)).toMatchObject([{ LinkStatus: 'LinkUp' }, { LinkStatus: 'LinkUp' }]);
  });
});

describe('network adapters', () => {
  const nics = [
    { mac: '52:54:00:00:00:0a', network: 'provisioning' },
    { mac: '52:54:00:00:00:0b', network: 'tenant' },
  ];

  test('each card has a port and a function with its address', async () => {
    const fixture = await createFixture({ spec: { nics } });
    for (const [index, { mac }] of nics.entries()) {
      const { at } = await fixture.ask('GET', `${system}/NetworkInterfaces/NIC${index + 1}`);
      const adapter = String(at('/Links/NetworkAdapter/@odata.id'));
      expect(await members(fixture, `${adapter}/Ports`)).toMatchObject([
        { LinkStatus: 'LinkDown', Ethernet: { AssociatedMACAddresses: [mac] } },
      ]);
      expect(await members(fixture, `${adapter}/NetworkDeviceFunctions`)).toMatchObject([
        { BootMode: 'PXE', Ethernet: { MACAddress: mac } },
      ]);
    }
  });

  test('a card that is not to netboot says so once a boot has taken that up', async () => {
    const fixture = await createFixture({ spec: { nics } });
    const path = '/redfish/v1/Chassis/n1/NetworkAdapters/NIC2/NetworkDeviceFunctions/1';
    await fixture.ask('PATCH', `${system}/Bios/Settings`, { Attributes: { NetworkBootNics: 1 } });
    expect((await fixture.ask('GET', path)).body.BootMode).toBe('PXE');
    await fixture.power('n1', 'on');
    expect((await fixture.ask('GET', path)).body.BootMode).toBe('Disabled');
  });
});

test('where that cannot be set, the first card alone netboots, if the node can at all', async () => {
  const nics = [
    { mac: '52:54:00:00:00:0a', network: 'provisioning' },
    { mac: '52:54:00:00:00:0b', network: 'tenant' },
  ];
  const modes = async (bootTargets: readonly BootTarget[]) => {
    const { ask } = await createFixture({
      spec: { nics },
      capabilities: { firmwareSettings: [], bootTargets },
    });
    const adapters = '/redfish/v1/Chassis/n1/NetworkAdapters';
    const answers = ['NIC1', 'NIC2'].map(id => ask('GET', `${adapters}/${id}/NetworkDeviceFunctions/1`));
    return (await Promise.all(answers)).map(({ body }) => body.BootMode);
  };
  expect(await modes(['default', 'pxe'])).toEqual(['PXE', 'Disabled']);
  expect(await modes(['default'])).toEqual(['Disabled', 'Disabled']);
});

describe('storage', () => {
  const disks = [
    { name: 'root', size: 20 * gib },
    { name: 'data', size: 100 * gib },
  ];

  test('each disk is a drive, and a volume without RAID', async () => {
    const fixture = await createFixture({ spec: { disks } });
    const { at } = await fixture.ask('GET', `${system}/Storage/1`);
    const drives = at('/Drives') as readonly { '@odata.id': string }[];
    const bodies = await Promise.all(drives.map(drive => fixture.ask('GET', drive['@odata.id'])));
    expect(bodies.map(({ body }) => [body.Id, body.CapacityBytes, body.SerialNumber])).toEqual([
      ['root', 20 * gib, 'root'],
      ['data', 100 * gib, 'data'],
    ]);
    expect(await members(fixture, `${system}/Storage/1/Volumes`)).toMatchObject([
      { Id: 'root', RAIDType: 'None', CapacityBytes: 20 * gib },
      { Id: 'data', RAIDType: 'None', CapacityBytes: 100 * gib },
    ]);
  });

  test('the chassis has the same drives', async () => {
    const fixture = await createFixture({ spec: { disks } });
    const drives = await members(fixture, '/redfish/v1/Chassis/n1/Drives');
    expect(drives.map(({ Id }) => Id)).toEqual(['root', 'data']);
    expect((await fixture.ask('GET', '/redfish/v1/Chassis/n1/Drives/other')).status).toBe(404);
  });

  test('SimpleStorage has the same', async () => {
    const fixture = await createFixture({ spec: { disks } });
    expect(await members(fixture, `${system}/SimpleStorage`)).toMatchObject([
      { Devices: [{ CapacityBytes: 20 * gib }, { CapacityBytes: 100 * gib }] },
    ]);
  });

  test('a node without disks has none to show', async () => {
    const fixture = await createFixture({ spec: { disks: [] } });
    expect(await members(fixture, `${system}/Storage`)).toMatchObject([{ Drives: [] }]);
  });
});

test('what is not there is not found', async () => {
  const { ask } = await createFixture();
  for (const part of [
    'Processors/CPU0',
    'Processors/CPU2',
    'Processors/CPU01',
    'Memory/DIMM2',
    'EthernetInterfaces/NIC2',
    'EthernetInterfaces/1',
    'Storage/2',
    'Storage/1/Volumes/__proto__',
    'BootOptions/Boot0004',
  ]) {
    expect((await ask('GET', `${system}/${part}`)).status, part).toBe(404);
  }
});
