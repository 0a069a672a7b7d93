import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildServiceImage, type ServiceImage } from '../../../src/appliance/image.ts';
import { recordFor } from '../../../src/daemon/lab-record.ts';
import { RemoteLab } from '../../../src/daemon/remote-lab.ts';
import type { LabDefinition } from '../../../src/lab/definition.ts';
import { serviceControlPort } from '../../../src/node/service-settings.ts';
import { fingerprintOf, type Identity, makeIdentity } from '../../../src/support/certificate.ts';
import { redfishLab } from '../../daemon/harness.ts';
import { askRedfish } from '../../daemon/redfish-client.ts';
import { hasMachines } from '../boot/machine.ts';
import { type Guest, makeConfigDrive, startGuest, succeed } from './guest.ts';

const here = { control: 18_624, bmcs: [16_623, 16_624], redfish: 18_443, node: 18_444 } as const;
const macs = ['20:57:f8:00:01:01', '20:57:f8:00:01:02'] as const;
const addresses = { service: '10.0.2.10', bmcs: ['10.0.2.21', '10.0.2.22'] } as const;
const soon = () => AbortSignal.timeout(60_000);
const isBuilt = existsSync(new URL('../../../dist/cli/main.js', import.meta.url));

describe.skipIf(!hasMachines || !isBuilt)('the BMC service as a machine of its own', () => {
  let folder = '';
  let image: ServiceImage;
  let manager: Identity;
  let configDrive = '';
  let guest: Guest | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quintupleo-service-'));
    image = await buildServiceImage({ cache: join(folder, 'cache') });
    manager = await makeIdentity({ name: 'manager', notBefore: 0, notAfter: Date.now() + 86_400_000 });
    configDrive = await makeConfigDrive(folder, {
      lab: 'test',
      owner: '0123456789ab',
      manager: fingerprintOf(manager.certificate),
      interfaces: [
        {
          mac: macs[0],
          name: 'mgmt',
          addresses: [addresses.service, ...addresses.bmcs].map(address => `${address}/24`),
        },
        { mac: macs[1], name: 'net0', addresses: ['192.0.2.1/24'] },
      ],
      routes: [{ to: 'default', via: '10.0.2.2' }],
      nameservers: ['10.0.2.3'],
    });
  });
  afterEach(async () => {
    await guest?.kill();
    guest = undefined;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function newDisk(name: string): Promise<string> {
    const disk = join(folder, name);
    await succeed('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', image.path, '-F', 'raw', disk);
    return disk;
  }

  function boot(disk: string, firmware: 'bios' | 'uefi'): Guest {
    const forward = [
      `tcp:127.0.0.1:${here.control}-${addresses.service}:${serviceControlPort}`,
      `tcp:127.0.0.1:${here.redfish}-${addresses.service}:443`,
      `tcp:127.0.0.1:${here.node}-${addresses.bmcs[0]}:443`,
      ...addresses.bmcs.map((address, index) => `udp:127.0.0.1:${here.bmcs[index]}-${address}:623`),
    ];
    guest = startGuest({ folder, disk, configDrive, firmware, macs, forward });
    return guest;
  }

  const connect = (fingerprint: string, identity = manager) =>
    new RemoteLab(
      'test',
      async () => ({ host: '127.0.0.1', port: here.control, fingerprint }),
      async () => identity,
    );

  const ipmitool = (bmc: number, ...command: string[]) => {
    const endpoint = ['-H', '127.0.0.1', '-p', String(here.bmcs[bmc])];
    return succeed('ipmitool', '-I', 'lanplus', ...endpoint, '-U', 'admin', '-P', 'secret-12', ...command);
  };

  test('the image is small, and made of the same bytes in another place', async () => {
    const other = await buildServiceImage({ cache: join(folder, 'other') });
    expect(other.sha256).toBe(image.sha256);
    expect(other.path).not.toBe(image.path);
    await rm(join(folder, 'other'), { recursive: true });
  });

  test('serves a lab that it is handed, at an address for each BMC, and again after it was rebooted', async () => {
    const disk = await newDisk('bios.qcow2');
    const first = boot(disk, 'bios');
    const fingerprint = await first.fingerprint();
    const remote = connect(fingerprint);
    const { nodes, redfish } = await remote.push(
      { record: recordFor(lab(), undefined), cloud: undefined },
      soon(),
    );
    expect(nodes.map(({ name, bmc }) => [name, bmc.address, bmc.port, bmc.problem])).toEqual([
      ['node-1', addresses.bmcs[0], 623, undefined],
      ['node-2', addresses.bmcs[1], 623, undefined],
    ]);
    expect(redfish?.url).toBe(`https://${addresses.service}/redfish/v1`);
    expect(await ipmitool(0, 'chassis', 'power', 'on')).toMatch(/Up\/On/);
    for (const port of [here.redfish, here.node]) {
      const url = new URL(`https://127.0.0.1:${port}/redfish/v1/Systems/node-1`);
      const login = { name: 'admin', password: 'secret-12' };
      const answer = await askRedfish(url, { login, fingerprint: redfish?.fingerprint });
      expect(answer).toMatchObject({ status: 200, body: { PowerState: 'On' } });
    }
    await ipmitool(1, 'chassis', 'bootdev', 'pxe', 'options=persistent');
    expect(await ipmitool(0, 'chassis', 'power', 'status')).toMatch(/is on/);
    expect(await ipmitool(1, 'chassis', 'power', 'status')).toMatch(/is off/);

    first.pressPowerButton();
    await first.ended;
    await remote[Symbol.asyncDispose]();

    const second = boot(disk, 'bios');
    // The key is on the disk: whoever knew it knows it again.
    expect(await second.fingerprint()).toBe(fingerprint);
    expect(await ipmitool(0, 'chassis', 'power', 'status')).toMatch(/is on/);
    expect(await ipmitool(1, 'chassis', 'bootparam', 'get', '5')).toMatch(/Force PXE/);

    const stranger = connect(
      fingerprint,
      await makeIdentity({ name: 'manager', notBefore: 0, notAfter: Date.now() + 86_400_000 }),
    );
    await expect(stranger.status(soon())).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    await stranger[Symbol.asyncDispose]();

    const again = connect(fingerprint);
    await again.leave(soon());
    await expect(again.status(soon())).rejects.toMatchObject({ code: 'LAB_NOT_FOUND' });
    await again[Symbol.asyncDispose]();
  });

  test('boots under UEFI as well', async () => {
    const uefi = boot(await newDisk('uefi.qcow2'), 'uefi');
    expect(await uefi.fingerprint()).toMatch(/^[0-9A-F]{2}:/);
  });
});

/** Two nodes, each with a BMC at an address of its own, and a Redfish service that shows both. */
function lab(): LabDefinition {
  const users = [{ name: 'admin', password: 'secret-12', privilege: 'administrator' as const }];
  const definition = redfishLab(2, { service: { address: addresses.service, port: 443, users } });
  const bmcs = Object.entries(definition.bmcs).map(([name, bmc], index) => {
    const address = addresses.bmcs[index];
    return [name, { users, ipmi: { ...bmc.ipmi, address, port: 623 }, redfish: { address, port: 443 } }];
  });
  return { ...definition, bmcs: Object.fromEntries(bmcs) };
}
