import type { MediaState } from '../../node/media.ts';
import { productOf } from '../../node/sensors.ts';
import type { NodeSpec } from '../../node/spec.ts';
import type { AcceleratorName } from './accelerator.ts';
import { type BootOrder, deviceId } from './boot-order.ts';
import { type MachineFirmware, type UefiFiles, uefiFiles } from './firmware.ts';
import type { MachinePaths } from './layout.ts';
import { mediumBlock, mediumNode, stickDevice, usbController } from './media.ts';

/** What a network card is plugged into. */
export type NicBackend =
  | { readonly type: 'tap'; readonly tap: string; readonly bridge: string }
  | {
      readonly type: 'user';
      readonly cidr: string;
      /** The host's address as the machine sees it. */
      readonly host: string;
      readonly dns: string;
      readonly firstLease: string;
      /** What DHCP tells the machine's iPXE to boot. */
      readonly bootUrl: string;
    };

/** All that QEMU's command line says. */
export interface CommandLine {
  readonly lab: string;
  readonly spec: NodeSpec;
  readonly paths: MachinePaths;
  readonly accelerator: AcceleratorName;
  /** One for each network card. */
  readonly backends: readonly NicBackend[];
  readonly firmware: MachineFirmware;
  readonly bootOrder: BootOrder;
  /** What is in its drives; every file is there. */
  readonly media: Pick<MediaState, 'cd' | 'usb'>;
}

/** QEMU's names of the serial port and of the disks' block nodes. */
export const serialId = 'serial0';
export const blockNode = (index: number) => `image${index}`;

/** Enough for 1600 × 1200 pixels. MiB. */
const videoMemory = 8;

/**
 * QEMU's arguments. It starts paused, so that whoever started it can look before the machine runs.
 * Holds no secrets: every user of the host can read a command line.
 * @see qemu-system-x86_64(1)
 */
export function buildCommandLine(line: CommandLine): string[] {
  const { lab, spec, paths, accelerator, firmware } = line;
  const uefi = uefiFiles(firmware, paths);
  return [
    ...['-name', `guest=${lab}/${spec.name},process=qemu-${spec.name}`],
    ...['-nodefaults', '-no-user-config', '-S'],
    // Whoever looks at the screen disturbs nobody else who does.
    ...['-vnc', `unix:${quote(paths.vncSocket)},share=force-shared`],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-machine', machineType(firmware)],
    ...['-accel', accelerator, '-cpu', accelerator === 'kvm' ? 'host' : 'max'],
    ...['-smp', String(spec.cpus), '-m', `size=${spec.memory / 1024}k`],
    ...['-uuid', spec.uuid, '-smbios', systemInformation(spec)],
    ...['-rtc', 'base=utc', '-boot', 'strict=on'],
    // A crashed system stands there until somebody resets it, as real ones do.
    ...['-action', 'panic=none', '-device', 'pvpanic'],
    ...['-device', 'virtio-rng-pci'],
    ...['-pidfile', paths.pidfile, '-d', 'cpu_reset', '-D', paths.resetLog],
    ...['-qmp', `unix:${quote(paths.qmpSocket)},server=on,wait=off`],
    ...serialArguments(),
    ...(uefi ? uefiArguments(uefi) : []),
    ...(firmware.secureBoot ? secureBootArguments() : []),
    ...diskArguments(line),
    ...discArguments(line),
    ...nicArguments(line),
    // Last, so that whatever else a machine has stays at the addresses that its guest knows.
    ...stickArguments(line),
    ...['-device', `VGA,vgamem_mb=${videoMemory}`],
  ];
}

/** The argument of a command line that names the machine's pidfile. */
export function pidfileOf(argv: readonly string[]): string | undefined {
  if (!argv[0]?.includes('qemu')) return undefined;
  const index = argv.indexOf('-pidfile');
  return index < 0 ? undefined : argv[index + 1];
}

function serialArguments(): string[] {
  // It is connected before the machine runs, in a way that a command line cannot say.
  return ['-chardev', `null,id=${serialId}`, '-device', `isa-serial,chardev=${serialId}`];
}

function machineType({ mode, secureBoot, serialConsole }: MachineFirmware): string {
  // Without graphics a BIOS talks to the serial port, as a server's console redirection does. UEFI always does.
  const graphics = serialConsole ? 'off' : 'on';
  const type = mode === 'uefi' ? 'q35' : 'pc';
  return `${type},graphics=${graphics},vmport=off${secureBoot ? ',smm=on' : ''}`;
}

function uefiArguments({ code, variables }: UefiFiles): string[] {
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${quote(variables)}`],
    // iPXE is on every card: the firmware's own attempts would only take time before the next boot device.
    ...['IPv4', 'IPv6'].flatMap(ip => ['-fw_cfg', `name=opt/org.tianocore/${ip}PXESupport,string=n`]),
  ];
}

/** The variables, keys among them, are the firmware's alone to write. */
function secureBootArguments(): string[] {
  return [
    ...['-global', 'driver=cfi.pflash01,property=secure,value=on'],
    // Firmware of this kind does not wake from a suspend to RAM.
    ...['-global', 'ICH9-LPC.disable_s3=1'],
  ];
}

function diskArguments(line: CommandLine): string[] {
  return line.spec.disks.flatMap((disk, index) => {
    const id = deviceId.disk(index);
    const image = {
      driver: 'qcow2',
      'node-name': blockNode(index),
      discard: 'unmap',
      file: { driver: 'file', filename: line.paths.disk(disk.name), discard: 'unmap' },
    };
    // Longer serial numbers are cut by the device itself. @see VIRTIO 1.1 §5.2.6.1
    const serial = quote(disk.name.slice(0, 20));
    return [
      ...['-blockdev', JSON.stringify(image)],
      ...[
        '-device',
        `virtio-blk-pci,id=${id},drive=${blockNode(index)},serial=${serial}${bootIndex(line, id)}`,
      ],
    ];
  });
}

function discArguments(line: CommandLine): string[] {
  const { cd } = line.media;
  const medium = cd ? `,drive=${mediumNode('cd', cd)}` : '';
  const index = bootIndex(line, deviceId.cdrom);
  return [
    ...(cd ? ['-blockdev', JSON.stringify(mediumBlock('cd', cd))] : []),
    ...['-device', `ide-cd,id=${deviceId.cdrom},bus=ide.0${medium}${index}`],
  ];
}

function stickArguments(line: CommandLine): string[] {
  const { usb } = line.media;
  const controller = ['-device', `qemu-xhci,id=${usbController}`];
  if (!usb) return controller;
  const bootindex = line.bootOrder.devices.indexOf(deviceId.stick);
  return [
    ...controller,
    ...['-blockdev', JSON.stringify(mediumBlock('usb', usb))],
    ...['-device', JSON.stringify({ ...stickDevice(usb), bootindex })],
  ];
}

function nicArguments(line: CommandLine): string[] {
  return line.spec.nics.flatMap((nic, index) => {
    const id = deviceId.nic(index);
    const backend = line.backends[index];
    if (!backend) return [];
    return [
      ...['-netdev', netdev(`net${index}`, backend)],
      ...['-device', `virtio-net-pci,id=${id},netdev=net${index},mac=${nic.mac}${bootIndex(line, id)}`],
    ];
  });
}

function netdev(id: string, backend: NicBackend): string {
  switch (backend.type) {
    case 'tap':
      // QEMU makes the tap, so that it goes with the process, however that ends.
      return `tap,id=${id},ifname=${backend.tap},script=no,downscript=no`;
    case 'user':
      // With IPv6, whose router answers iPXE at once: without one, iPXE looks for it for 15 seconds.
      return [
        `user,id=${id},ipv4=on,ipv6=on,net=${backend.cidr},host=${backend.host},dns=${backend.dns}`,
        `dhcpstart=${backend.firstLease},bootfile=${quote(backend.bootUrl)}`,
      ].join(',');
  }
}

function systemInformation(spec: NodeSpec): string {
  const { manufacturer, model, serial } = productOf(spec);
  return `type=1,manufacturer=${manufacturer},product=${model},version=1,serial=${serial},family=Server`;
}

function bootIndex(line: CommandLine, id: string): string {
  const place = line.bootOrder.devices.indexOf(id);
  return place < 0 ? '' : `,bootindex=${place}`;
}

/** A value within an argument that QEMU splits at commas. */
function quote(value: string): string {
  return value.replaceAll(',', ',,');
}
