import { describe, expect, test } from 'vitest';
import { bootOrder } from '../../../src/drivers/qemu/boot-order.ts';
import { buildCommandLine, type CommandLine, pidfileOf } from '../../../src/drivers/qemu/command-line.ts';
import type { MachineFirmware } from '../../../src/drivers/qemu/firmware.ts';
import { machinePaths } from '../../../src/drivers/qemu/layout.ts';
import type { MediaImage } from '../../../src/node/media.ts';
import { productOf } from '../../../src/node/sensors.ts';
import type { NodeSpec } from '../../../src/node/spec.ts';

const spec: NodeSpec = {
  name: 'n1',
  uuid: '7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f01',
  cpus: 2,
  memory: 512 << 20,
  disks: [
    { name: 'root', size: 1 << 30 },
    { name: 'data', size: 1 << 30 },
  ],
  nics: [{ mac: '20:57:f8:00:00:01', network: 'provisioning' }],
  firmware: 'bios',
};
const folders = { stateDirectory: '/state', runtimeDirectory: '/run/q' };
const paths = machinePaths(folders, 'lab', 'n1');
const line: CommandLine = {
  lab: 'lab',
  spec,
  paths,
  accelerator: 'tcg',
  backends: [{ type: 'tap', tap: 'qxtap', bridge: 'qxbridge' }],
  firmware: { mode: 'bios', secureBoot: false, serialConsole: true },
  bootOrder: { devices: ['disk0', 'disk1', 'cdrom0', 'usb0', 'nic0'], skipped: [] },
  media: { cd: undefined, usb: undefined },
};
const firmware = (change: Partial<MachineFirmware>): Partial<CommandLine> => ({
  firmware: { ...line.firmware, ...change },
});
const image = (file: string, writeProtected: boolean): MediaImage => ({
  url: `http://192.0.2.1${file}`,
  file,
  size: 1 << 20,
  writeProtected,
});
const cd = image('/media/boot.iso', true);
const usb = image('/media/stick.img', false);

/** The values of an option, in order. */
function valuesOf(argv: readonly string[], option: string): string[] {
  return argv.flatMap((arg, index) => (arg === `-${option}` ? [argv[index + 1] ?? ''] : []));
}

describe('command line', () => {
  const cases: { what: string; given: Partial<CommandLine>; option: string; expected: string | RegExp }[] = [
    { what: 'BIOS is an i440FX', given: {}, option: 'machine', expected: /^pc,/ },
    {
      what: 'UEFI is a Q35',
      given: firmware({ mode: 'uefi' }),
      option: 'machine',
      expected: /^q35,/,
    },
    {
      what: 'UEFI variables are the machine’s own',
      given: firmware({ mode: 'uefi' }),
      option: 'drive',
      expected: `if=pflash,unit=1,format=raw,file=${paths.variables}`,
    },
    {
      what: 'secure boot has variables of its own',
      given: firmware({ mode: 'uefi', secureBoot: true }),
      option: 'drive',
      expected: `if=pflash,unit=1,format=raw,file=${paths.secureBootVariables}`,
    },
    {
      what: 'secure boot keeps guests from writing its variables',
      given: firmware({ mode: 'uefi', secureBoot: true }),
      option: 'global',
      expected: 'driver=cfi.pflash01,property=secure,value=on',
    },
    {
      what: 'secure boot has a system management mode',
      given: firmware({ mode: 'uefi', secureBoot: true }),
      option: 'machine',
      expected: /^q35,.*smm=on/,
    },
    { what: 'a BIOS on the serial port', given: {}, option: 'machine', expected: /graphics=off/ },
    {
      what: 'a BIOS that leaves the serial port alone',
      given: firmware({ serialConsole: false }),
      option: 'machine',
      expected: /graphics=on/,
    },
    { what: 'TCG', given: {}, option: 'accel', expected: 'tcg' },
    {
      what: 'KVM shows the host’s processor',
      given: { accelerator: 'kvm' },
      option: 'cpu',
      expected: 'host',
    },
    { what: 'processors', given: {}, option: 'smp', expected: '2' },
    {
      what: 'memory to the KiB',
      given: { spec: { ...spec, memory: 65537 * 1024 } },
      option: 'm',
      expected: 'size=65537k',
    },
    { what: 'the UUID', given: {}, option: 'uuid', expected: spec.uuid },
    {
      what: 'who made it',
      given: {},
      option: 'smbios',
      expected: new RegExp(`manufacturer=QuintupleO,.*serial=${productOf(spec).serial},`),
    },
    { what: 'QMP', given: {}, option: 'qmp', expected: `unix:${paths.qmpSocket},server=on,wait=off` },
    {
      what: 'a screen that nobody but this host’s user can see',
      given: {},
      option: 'vnc',
      expected: `unix:${paths.vncSocket},share=force-shared`,
    },
    { what: 'what its screen shows', given: {}, option: 'device', expected: /^VGA,/ },
    { what: 'the mark of its process', given: {}, option: 'pidfile', expected: paths.pidfile },
    { what: 'no guest process may start others', given: {}, option: 'sandbox', expected: /spawn=deny/ },
    {
      what: 'a disk',
      given: {},
      option: 'blockdev',
      expected: /"filename":"\/state\/labs\/lab\/machines\/n1\/disk-root.qcow2"/,
    },
    {
      what: 'a disk’s device',
      given: {},
      option: 'device',
      expected: 'virtio-blk-pci,id=disk1,drive=image1,serial=data,bootindex=1',
    },
    {
      what: 'an empty CD-ROM drive',
      given: {},
      option: 'device',
      expected: 'ide-cd,id=cdrom0,bus=ide.0,bootindex=2',
    },
    {
      what: 'a disc in it',
      given: { media: { cd, usb } },
      option: 'device',
      expected: /^ide-cd,id=cdrom0,bus=ide\.0,drive=cd-[0-9a-f]{16},bootindex=2$/,
    },
    {
      what: 'a disc is read only',
      given: { media: { cd: { ...cd, writeProtected: false }, usb } },
      option: 'blockdev',
      expected: /"read-only":true,.*"filename":"\/media\/boot\.iso","read-only":true/,
    },
    { what: 'a port for a stick', given: {}, option: 'device', expected: 'qemu-xhci,id=usb' },
    {
      what: 'a stick in its place of the boot order',
      given: { media: { cd, usb } },
      option: 'device',
      expected: /"driver":"usb-storage","id":"usb0","bus":"usb\.0",.*"removable":true,"bootindex":3/,
    },
    {
      what: 'a stick that can be written',
      given: { media: { cd, usb } },
      option: 'blockdev',
      expected: /"read-only":false,.*"filename":"\/media\/stick\.img","read-only":false/,
    },
    {
      what: 'a network card',
      given: {},
      option: 'device',
      expected: 'virtio-net-pci,id=nic0,netdev=net0,mac=20:57:f8:00:00:01,bootindex=4',
    },
    {
      what: 'a tap that nobody has to make',
      given: {},
      option: 'netdev',
      expected: 'tap,id=net0,ifname=qxtap,script=no,downscript=no',
    },
    {
      what: 'user networking that tells where to boot',
      given: {
        backends: [
          {
            type: 'user',
            cidr: '192.0.2.0/24',
            host: '192.0.2.1',
            dns: '192.0.2.2',
            firstLease: '192.0.2.11',
            bootUrl: 'http://192.0.2.1:80/boot.ipxe',
          },
        ],
      },
      option: 'netdev',
      expected:
        /^user,id=net0,.*net=192\.0\.2\.0\/24,host=192\.0\.2\.1,.*bootfile=http:\/\/192\.0\.2\.1:80\/boot\.ipxe$/,
    },
  ];

  test.each(cases)('$what', ({ given, option, expected }) => {
    const values = valuesOf(buildCommandLine({ ...line, ...given }), option);
    expect(values).toContainEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });

  test('starts paused and without what nobody asked for', () => {
    expect(buildCommandLine(line)).toEqual(expect.arrayContaining(['-S', '-nodefaults', '-no-user-config']));
  });

  test('every option has a value of its own and every boot index is there once', () => {
    const devices = valuesOf(buildCommandLine(line), 'device').join('\n');
    expect([...devices.matchAll(/bootindex=(\d+)/g)].map(match => match[1])).toEqual(['0', '1', '2', '4']);
  });

  test('a comma in a path does not end it', () => {
    const odd = machinePaths({ stateDirectory: '/a,b', runtimeDirectory: '/c,d' }, 'lab', 'n1');
    const argv = buildCommandLine({ ...line, paths: odd });
    expect(valuesOf(argv, 'qmp')[0]).toContain('unix:/c,,d/');
  });

  test('a process is known by its pidfile, if it is a QEMU', () => {
    const argv = buildCommandLine(line);
    expect(pidfileOf(['/usr/bin/qemu-system-x86_64', ...argv])).toBe(paths.pidfile);
    expect(pidfileOf(['vim', ...argv])).toBeUndefined();
    expect(pidfileOf(['qemu-system-x86_64', '-pidfile'])).toBeUndefined();
    expect(pidfileOf([])).toBeUndefined();
  });
});

describe('boot order', () => {
  const machine: NodeSpec = {
    ...spec,
    nics: ['01', '02'].map(end => ({ mac: `20:57:f8:00:00:${end}`, network: 'net' })),
  };

  test.each([
    ['default', 'disk0 disk1 cdrom0 usb0 nic0 nic1'],
    ['disk', 'disk0 disk1 cdrom0 usb0 nic0 nic1'],
    ['pxe', 'nic0 nic1 disk0 disk1 cdrom0 usb0'],
    ['cdrom', 'cdrom0 disk0 disk1 usb0 nic0 nic1'],
    ['removable', 'usb0 disk0 disk1 cdrom0 nic0 nic1'],
  ] as const)('%s', (target, expected) => {
    expect(bootOrder(target, machine, {})).toEqual({ devices: expected.split(' '), skipped: [] });
  });

  test('a target that no QEMU machine knows', () => {
    expect(bootOrder('bios-setup', machine, {})).toBeUndefined();
  });

  test('the order that clients have set, behind what a target puts first', () => {
    const changed = { bootOrder: ['nic1', 'usb', 'disk1', 'cd', 'nic0', 'disk0'] } as const;
    const order = (target: 'default' | 'disk' | 'pxe') =>
      bootOrder(target, machine, changed)?.devices.join(' ');
    expect(order('default')).toBe('nic1 usb0 disk1 cdrom0 nic0 disk0');
    expect(order('disk')).toBe('disk1 disk0 nic1 usb0 cdrom0 nic0');
    expect(order('pxe')).toBe('nic1 nic0 usb0 disk1 cdrom0 disk0');
  });

  test.each([
    [0, 'disk0 disk1 cdrom0 usb0', 'nic0 nic1'],
    [1, 'nic0 disk0 disk1 cdrom0 usb0', 'nic1'],
    [2, 'nic0 nic1 disk0 disk1 cdrom0 usb0', ''],
  ])('of the network cards the first %i boot', (netbootNics, devices, skipped) => {
    expect(bootOrder('pxe', machine, { netbootNics })).toEqual({
      devices: devices.split(' '),
      skipped: skipped.split(' ').filter(Boolean),
    });
  });
});

describe('paths', () => {
  test('a socket whose path no system takes is refused by name, with a remedy', () => {
    const long = { ...folders, runtimeDirectory: `/${'x'.repeat(100)}` };
    expect(() => machinePaths(long, 'lab', 'n1')).toThrow(/longer than 107 bytes/);
  });

  test('names of interfaces fit, and differ from machine to machine', () => {
    const other = machinePaths(folders, 'lab', 'n2');
    expect(paths.tap(15).length).toBeLessThanOrEqual(15);
    expect(paths.tap(0)).not.toBe(other.tap(0));
    expect(paths.tap(0)).not.toBe(paths.tap(1));
  });
});
