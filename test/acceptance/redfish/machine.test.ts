import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MachinePaths } from '../../../src/drivers/qemu/layout.ts';
import { Host, hasQemu, password } from '../lab/host.ts';
import { bootableDisc } from '../qemu/disc.ts';
import { efiApplication, efiStick } from '../qemu/efi.ts';
import { guestBanner, guestCommand, guestDisk, installGuest } from '../qemu/guest.ts';
import { RedfishClient } from './client.ts';

/** A real machine as Redfish knows it: what clients are told is what its guest sees, and what IPMI says too. */

const port = 26_330;
const system = '/redfish/v1/Systems/n0';
const manager = '/redfish/v1/Managers/n0';
const media = (slot: 'Cd' | 'Usb') => `${manager}/VirtualMedia/${slot}`;

const lab = `lab: redfish
driver: { name: qemu, accel: auto, networking: user }
networks:
  net: { cidr: 192.168.217.0/24, dhcp: true }
nodes:
  - { name: n0, memory: 256MiB, disks: [{ name: root, size: 8MiB }], nics: [net] }
redfish: { destinations: [127.0.0.1] }
bmc: { username: admin, password: ${password}, ipmi: { address: 127.0.0.1, port: ${port} } }
`;

/** An image of which no more than the beginning comes. */
const endless = '/endless.img';

interface System {
  readonly PowerState: string;
  readonly LastResetTime: string;
  readonly Boot: Readonly<Record<string, unknown>> & { readonly BootOrder: readonly string[] };
}

/** A disc that says something to whoever reads its beginning. */
const textDisc = (text: string) => Buffer.concat([Buffer.from(`${text}\r\n\0`), Buffer.alloc(1 << 16)]);

describe.skipIf(!hasQemu)('a machine by Redfish alone', () => {
  let host: Host;
  let file: string;
  let machine: MachinePaths;
  let redfish: RedfishClient;
  let server: ReturnType<typeof createServer>;
  const images = new Map<string, Buffer>();

  beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      if (url === endless) {
        response.write(Buffer.alloc(1 << 16));
        server.emit('endless');
        return;
      }
      const image = images.get(url);
      if (image) response.end(image);
      else response.writeHead(404).end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    host = await Host.create();
    file = await host.file('redfish', lab);
    await host.done('up', file);
    const status = await host.status('redfish');
    const [node] = status.nodes;
    machine = host.machine('redfish', 'n0');
    installGuest(machine.disk('root'));
    redfish = new RedfishClient({
      origin: new URL(node?.bmc.redfish?.url ?? '').origin,
      certificate: status.redfish?.certificate ?? '',
      user: 'admin',
      password,
    });
  });

  afterAll(async () => {
    await redfish?.[Symbol.asyncDispose]();
    server?.close();
    await host?.[Symbol.asyncDispose]();
  });

  const ipmi = (...args: readonly string[]) => host.ipmitool(port, ...args);
  const read = () => redfish.get<System>(system);
  const setBoot = (Boot: object) => redfish.done('PATCH', system, { Boot });
  const nextFrom = (target: string, enabled = 'Once') =>
    setBoot({ BootSourceOverrideTarget: target, BootSourceOverrideEnabled: enabled });
  const qemu = () => host.qemuOf('redfish', 'n0');

  let heard = { file: 0, size: 0 };
  /** What the machine says from now on is of interest. A power-on begins another log. */
  const listen = () => {
    const { ino: file = 0, size = 0 } = statSync(machine.serialLog, { throwIfNoEntry: false }) ?? {};
    heard = { file, size };
  };
  const output = () => {
    const { ino } = statSync(machine.serialLog);
    return readFileSync(machine.serialLog, 'latin1').slice(ino === heard.file ? heard.size : 0);
  };
  const untilSaid = (text: string) =>
    expect.poll(output, { timeout: 120_000, interval: 100, message: text }).toContain(text);
  /** Says something to the guest and waits for its answer. */
  const ask = async (command: Uint8Array, answer: string) => {
    listen();
    writeFileSync(machine.serialInput, command);
    await untilSaid(answer);
  };
  /** Has the machine start anew, and waits until it says something. */
  const reset = async (text: string, type = 'ForceRestart') => {
    listen();
    await redfish.done('POST', `${system}/Actions/ComputerSystem.Reset`, { ResetType: type });
    await untilSaid(text);
  };
  const insert = (slot: 'Cd' | 'Usb', image: Buffer, more: object = {}) => {
    const path = `/${images.size}.img`;
    images.set(path, image);
    const Image = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    return redfish.done('POST', `${media(slot)}/Actions/VirtualMedia.InsertMedia`, { Image, ...more });
  };
  const eject = (slot: 'Cd' | 'Usb') =>
    redfish.done('POST', `${media(slot)}/Actions/VirtualMedia.EjectMedia`, {});

  /** Both faces of the BMC tell the same. */
  const agree = async () => {
    const { PowerState, Boot } = await read();
    expect(await ipmi('power', 'status')).toBe(`Chassis Power is ${PowerState.toLowerCase()}\n`);
    const flags = await ipmi('chassis', 'bootparam', 'get', '5');
    const { BootSourceOverrideEnabled: enabled, BootSourceOverrideTarget: target } = Boot;
    expect(flags).toContain(enabled === 'Disabled' ? 'Boot Flag Invalid' : 'Boot Flag Valid');
    expect(flags).toContain(enabled === 'Continuous' ? 'apply to all future boots' : 'only next boot');
    // What has been used stays to be read, as a flag that is not valid.
    if (enabled !== 'Disabled') expect(flags).toContain(flagText.get(String(target)) ?? 'of none');
    const { Members } = await redfish.get<{ Members: readonly { Id: string }[] }>(
      `${system}/LogServices/EventLog/Entries`,
    );
    const sel = (await ipmi('sel', 'list')).trim().split('\n');
    expect(sel.map(line => Number.parseInt(line, 16))).toEqual(Members.map(({ Id }) => Number(Id)));
  };

  test('is on when it is on, with the guest of its disk', async () => {
    expect(await qemu()).toBeUndefined();
    expect((await read()).PowerState).toBe('Off');
    await reset(guestBanner, 'On');
    expect(await qemu()).toBeDefined();
    expect((await read()).PowerState).toBe('On');
    await agree();
  });

  test('a disc and a stick appear in the running guest, and leave it; nothing is restarted', async () => {
    const [before, process] = [await read(), await qemu()];
    await ask(guestCommand.readDisc, 'NO');
    await insert('Cd', textDisc('DISC ONE'));
    await ask(guestCommand.readDisc, 'DISC ONE');
    expect(await redfish.get(`${system}/VirtualMedia/Cd`)).toMatchObject({
      Inserted: true,
      WriteProtected: true,
    });
    await insert('Usb', guestDisk(), { WriteProtected: false });
    await ask(guestCommand.lookForStick, 'YES');
    expect(await redfish.get(media('Usb'))).toMatchObject({ Inserted: true, WriteProtected: false });
    await eject('Cd');
    await ask(guestCommand.readDisc, 'NO');
    await eject('Usb');
    await ask(guestCommand.lookForStick, 'NO');
    expect(await redfish.get(media('Usb'))).toMatchObject({ Inserted: false, Image: null });
    expect(await read()).toEqual({ ...before, '@odata.etag': expect.anything() });
    expect(await qemu()).toEqual(process);
    await agree();
  });

  test('boots from the disc once, from the stick until told otherwise, then from its disk again', async () => {
    await insert('Cd', bootableDisc('bios', guestDisk('GUEST ON DISC')));
    await insert('Usb', guestDisk('GUEST ON STICK'));
    await reset(guestBanner);
    await nextFrom('Cd');
    await agree();
    await reset('GUEST ON DISC');
    expect((await read()).Boot).toMatchObject({
      BootSourceOverrideTarget: 'None',
      BootSourceOverrideEnabled: 'Disabled',
    });
    await agree();
    await nextFrom('Usb', 'Continuous');
    await agree();
    await reset('GUEST ON STICK');
    await reset('GUEST ON STICK', 'PowerCycle');
    await setBoot({ BootSourceOverrideEnabled: 'Disabled' });
    await reset(guestBanner);
    await agree();
  });

  test('boots as IPMI has said, too', async () => {
    await ipmi('chassis', 'bootdev', 'cdrom');
    expect((await read()).Boot).toMatchObject({
      BootSourceOverrideTarget: 'Cd',
      BootSourceOverrideEnabled: 'Once',
    });
    await reset('GUEST ON DISC');
    await agree();
    await reset(guestBanner);
  });

  test('tries what a client has put first, and what comes first by default', async () => {
    const { BootOrder: usual } = (await read()).Boot;
    const names = await Promise.all(
      usual.map(async option => {
        const { Alias } = await redfish.get<{ Alias: string }>(`${system}/BootOptions/${option}`);
        return { option, Alias };
      }),
    );
    const first = names.find(({ Alias }) => Alias === 'Usb')?.option ?? '';
    await setBoot({ BootOrder: [first, ...usual.filter(option => option !== first)] });
    await reset('GUEST ON STICK');
    expect((await read()).Boot.BootOrder[0]).toBe(first);
    await redfish.done('POST', `${system}/Actions/ComputerSystem.SetDefaultBootOrder`, {});
    await reset(guestBanner);
    expect((await read()).Boot.BootOrder).toEqual(usual);
    await eject('Cd');
    await eject('Usb');
  });

  test('takes up BIOS attributes when it boots, not before', async () => {
    const bios = async () => (await redfish.get<{ Attributes: object }>(`${system}/Bios`)).Attributes;
    const changed = { NetworkBootNics: 0, SerialConsole: 'Disabled' };
    const usual = { NetworkBootNics: 1, SerialConsole: 'Enabled' };
    expect(await bios()).toMatchObject(usual);
    await redfish.done('PATCH', `${system}/Bios/Settings`, { Attributes: changed });
    expect(await bios()).toMatchObject(usual);
    await nextFrom('Pxe');
    await reset(guestBanner);
    expect(output().trim()).toBe(guestBanner);
    expect(await bios()).toMatchObject(changed);
    await redfish.done('POST', `${system}/Bios/Actions/Bios.ResetBios`, {});
    await nextFrom('Pxe');
    await reset('iPXE initialising');
    expect(await bios()).toMatchObject(usual);
    await agree();
  });

  test('starts by UEFI, then with secure boot, and by its BIOS again', async () => {
    await insert('Cd', bootableDisc('uefi', efiStick(efiApplication('UNSIGNED LOADER'))));
    await nextFrom('Cd', 'Continuous');
    await setBoot({ BootSourceOverrideMode: 'UEFI' });
    const mode = async () =>
      (await redfish.get<{ Attributes: { BootMode: string } }>(`${system}/Bios`)).Attributes.BootMode;
    const secureBoot = () => redfish.get(`${system}/SecureBoot`);
    expect(await mode()).toBe('Legacy');
    await reset('UNSIGNED LOADER');
    expect(await mode()).toBe('UEFI');
    expect(await secureBoot()).toMatchObject({ SecureBootEnable: false, SecureBootCurrentBoot: 'Disabled' });

    await redfish.done('PATCH', `${system}/SecureBoot`, { SecureBootEnable: true });
    expect(await secureBoot()).toMatchObject({ SecureBootEnable: true, SecureBootCurrentBoot: 'Disabled' });
    await reset('Access Denied');
    expect(output()).not.toContain('UNSIGNED LOADER');
    expect(await secureBoot()).toMatchObject({ SecureBootEnable: true, SecureBootCurrentBoot: 'Enabled' });

    await redfish.done('PATCH', `${system}/SecureBoot`, { SecureBootEnable: false });
    await reset('UNSIGNED LOADER');
    await setBoot({ BootSourceOverrideEnabled: 'Disabled', BootSourceOverrideMode: 'Legacy' });
    await eject('Cd');
    await reset(guestBanner);
    expect(await mode()).toBe('Legacy');
    await agree();
  });

  test('is as it was after its daemon has been killed, but for sessions', async () => {
    await insert('Cd', textDisc('DISC THAT STAYS'));
    await nextFrom('Pxe', 'Continuous');
    const { headers } = await redfish.ask('POST', '/redfish/v1/SessionService/Sessions', {
      UserName: 'admin',
      Password: password,
    });
    const token = String(headers['x-auth-token']);
    await redfish.done('POST', '/redfish/v1/EventService/Subscriptions', {
      Destination: 'http://127.0.0.1:9/events',
      Protocol: 'Redfish',
      Context: 'stays',
    });
    const [before, drive, process] = [await read(), await redfish.get(media('Cd')), await qemu()];

    expect(await host.kill('daemon')).toBe(1);
    expect(await host.done('up', file)).toContain('Nothing to change');
    expect(await qemu()).toEqual(process);
    expect(await read()).toMatchObject({ PowerState: 'On', Boot: before.Boot });
    expect(await redfish.get(media('Cd'))).toEqual(drive);
    const { Members } = await redfish.get<{ Members: readonly { '@odata.id': string }[] }>(
      '/redfish/v1/EventService/Subscriptions',
    );
    expect(await Promise.all(Members.map(one => redfish.get(one['@odata.id'])))).toMatchObject([
      { Context: 'stays' },
    ]);
    const { status } = await redfish.ask('GET', system, undefined, {
      authorization: '',
      'x-auth-token': token,
    });
    expect(status).toBe(401);
    await agree();
    await ask(guestCommand.readDisc, 'DISC THAT STAYS');
    await eject('Cd');
    await ask(guestCommand.readDisc, 'NO');
    await setBoot({ BootSourceOverrideEnabled: 'Disabled' });
  });

  test('an image that was on its way when the daemon was killed is nowhere', async () => {
    const asked = once(server, 'endless');
    const Image = `http://127.0.0.1:${(server.address() as AddressInfo).port}${endless}`;
    const insertion = redfish
      .ask('POST', `${media('Cd')}/Actions/VirtualMedia.InsertMedia`, { Image })
      .catch(() => undefined);
    await asked;
    await host.kill('daemon');
    await insertion;
    await host.done('up', file);
    expect(await redfish.get(media('Cd'))).toMatchObject({ Inserted: false, Image: null });
    await insert('Cd', textDisc('ANOTHER DISC'));
    await ask(guestCommand.readDisc, 'ANOTHER DISC');
    const kept = () => readdir(join(machine.folder, '../../media'));
    expect(await kept()).toHaveLength(1);
    await eject('Cd');
    await expect.poll(kept, { timeout: 10_000 }).toEqual([]);
    await agree();
  });

  test('has one event log and one set of accounts for both faces', async () => {
    await redfish.done('POST', `${manager}/LogServices/EventLog/Actions/LogService.ClearLog`, {});
    await agree();
    const { Members } = await redfish.get<{ Members: readonly { '@odata.id': string }[] }>(
      '/redfish/v1/AccountService/Accounts',
    );
    await redfish.done('PATCH', Members[0]?.['@odata.id'] ?? '', { Password: 'changed-1' });
    expect(await ipmi('power', 'status')).toContain('Unable to establish');
  });
});

/** How ipmitool tells an override's target. */
const flagText: ReadonlyMap<string, string> = new Map([
  ['Pxe', 'Force PXE'],
  ['Cd', 'Force Boot from CD/DVD'],
  ['Usb', 'Force Boot from Floppy/primary removable media'],
]);
