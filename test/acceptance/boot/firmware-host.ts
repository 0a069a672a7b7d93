import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasMachines, ovmf } from './machine.ts';

const bridge = 'qe0';
const tap = 'qe0-tap';
const namespace = 'qe0-dhcp';
const programs = ['/usr/sbin/dnsmasq', '/usr/bin/xorriso'];

/** Whether this host can have the network and the machines of these tests. */
export const hasFirmwareHost =
  hasMachines && process.getuid?.() === 0 && programs.every(program => existsSync(program));

/** Where firmware reaches this host. */
export const directorAddress = `fe80::b:c%${bridge}`;

/** What whoever netboots prints; then it fails, so that its machine goes on to its disk. */
export const networkMarker = 'BOOTED-FROM-NETWORK';
/** What the system on the disk prints; then it waits for {@link FirmwareMachine.reboot}. */
export const diskMarker = 'BOOTED-FROM-DISK';
/** What virtual media print; then they wait in the same way. */
export const mediaMarkers = { disc: 'BOOTED-FROM-DISC', stick: 'BOOTED-FROM-STICK' };

/** A bridge with the director's address, and a DHCP and TFTP server of somebody else on it. */
export async function startNetwork(folder: string): Promise<AsyncDisposable> {
  const tftp = join(folder, 'tftp');
  await mkdir(tftp, { recursive: true });
  await writeFile(join(tftp, 'marker.ipxe'), `#!ipxe\necho ${networkMarker}\nexit 1\n`, { mode: 0o644 });
  removeNetwork();
  ip('link', 'add', bridge, 'type', 'bridge');
  ip('link', 'set', bridge, 'up');
  ip('-6', 'addr', 'add', 'fe80::b:c/64', 'dev', bridge, 'nodad');
  ip('tuntap', 'add', tap, 'mode', 'tap');
  ip('link', 'set', tap, 'master', bridge, 'up');
  ip('netns', 'add', namespace);
  ip('link', 'add', `${bridge}-veth`, 'type', 'veth', 'peer', 'name', 'veth', 'netns', namespace);
  ip('link', 'set', `${bridge}-veth`, 'master', bridge, 'up');
  ip('-n', namespace, 'addr', 'add', '10.98.7.1/24', 'dev', 'veth');
  ip('-n', namespace, 'link', 'set', 'veth', 'up');
  const args = ['--conf-file=/dev/null', '--keep-in-foreground', '--port=0', '--user=root', '--no-ping'];
  args.push(`--pid-file=${join(folder, 'dnsmasq.pid')}`, `--dhcp-leasefile=${join(folder, 'leases')}`);
  args.push('--dhcp-range=10.98.7.10,10.98.7.99,255.255.255.0,1h', '--dhcp-boot=marker.ipxe');
  args.push('--enable-tftp', `--tftp-root=${tftp}`);
  // iPXE waits long for a router advertisement, and none comes where there is no IPv6 router.
  args.push('--enable-ra', '--dhcp-range=::,constructor:veth,ra-only', '--ra-param=veth,0,0');
  const dhcp = spawn('ip', ['netns', 'exec', namespace, 'dnsmasq', ...args], { stdio: 'ignore' });
  return {
    [Symbol.asyncDispose]: async () => {
      const ended = once(dhcp, 'close');
      dhcp.kill('SIGKILL');
      await ended;
      removeNetwork();
    },
  };
}

function removeNetwork(): void {
  for (const args of [
    ['netns', 'del', namespace],
    ['link', 'del', `${bridge}-veth`],
    ['link', 'del', tap],
    ['link', 'del', bridge],
  ]) {
    try {
      ip(...args);
    } catch {
      // It was not there.
    }
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}

/** A machine as Nova lays it out: the disc is its only boot device, its disk has none of its own. */
export interface FirmwareMachineOptions {
  readonly folder: string;
  readonly machine: 'pc' | 'q35' | 'uefi';
  readonly disc: string;
  /** Raw image. */
  readonly disk: string;
  readonly mac: string;
}

/** A QEMU process without KVM. */
export interface FirmwareMachine extends AsyncDisposable {
  /** All that it has printed. */
  said(): string;
  /** Resolves when it has printed this so many times. */
  says(text: string, times?: number): Promise<void>;
  /** The system that runs from the disk reboots. */
  reboot(): void;
}

/** Patience with one boot under software emulation, in milliseconds. */
const patience = 120_000;

export async function startFirmwareMachine(options: FirmwareMachineOptions): Promise<FirmwareMachine> {
  const { folder, machine, disc, disk, mac } = options;
  const model = machine === 'pc' ? 'pc' : 'q35';
  const args = [
    '-machine',
    `${model},accel=tcg,graphics=off`,
    '-m',
    '256',
    '-nodefaults',
    '-display',
    'none',
  ];
  args.push('-boot', 'strict=on', '-serial', 'stdio');
  args.push('-drive', `if=none,id=disc,media=cdrom,format=raw,readonly=on,file=${disc}`);
  args.push('-drive', `if=none,id=disk,format=raw,file=${disk}`);
  args.push('-netdev', `tap,id=net,ifname=${tap},script=no,downscript=no`);
  args.push('-device', `virtio-net-pci,netdev=net,mac=${mac}`);
  const ahci = machine === 'pc' ? 'ahci' : 'ide';
  if (machine === 'pc') args.push('-device', 'ich9-ahci,id=ahci');
  args.push('-device', `ide-cd,bus=${ahci}.0,drive=disc,bootindex=0`);
  if (machine === 'uefi') {
    const variables = join(folder, 'variables.fd');
    await copyFile(ovmf.variables, variables);
    args.push('-drive', `if=pflash,format=raw,readonly=on,file=${ovmf.code}`);
    args.push('-drive', `if=pflash,format=raw,file=${variables}`);
    args.push('-device', 'virtio-blk-pci,drive=disk');
  } else args.push('-device', `ide-hd,bus=${ahci}.1,drive=disk`);

  const child = spawn('qemu-system-x86_64', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let text = '';
  child.stdout.setEncoding('latin1');
  child.stdout.on('data', chunk => {
    text += chunk;
  });
  return {
    said: () => text,
    async says(what, times = 1) {
      const late = AbortSignal.timeout(patience);
      while (text.split(what).length <= times) {
        await once(child.stdout, 'data', { signal: late }).catch((error: unknown) => {
          throw new Error(`it has not said "${what}" ${times} times:\n${text}`, { cause: error });
        });
      }
    },
    reboot: () => child.stdin.write(machine === 'uefi' ? '\r' : 'r'),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A disk whose boot sector prints a marker on the first serial port and reboots when it reads an `r` there. */
export function biosDisk(marker: string): Buffer {
  const disk = Buffer.alloc(2 ** 20);
  const code = [
    [0xfa], // cli
    [0x31, 0xc0], // xor ax, ax
    [0x8e, 0xd8], // mov ds, ax
    [0xbe, 0x34, 0x7c], // mov si, text
    [0xac], // next: lodsb
    [0x84, 0xc0], // test al, al
    [0x74, 0x11], // jz wait
    [0x88, 0xc4], // mov ah, al
    [0xba, 0xfd, 0x03], // mov dx, 0x3fd (line status)
    [0xec], // full: in al, dx
    [0xa8, 0x20], // test al, 0x20
    [0x74, 0xfb], // jz full
    [0x88, 0xe0], // mov al, ah
    [0xb2, 0xf8], // mov dl, 0xf8 (data)
    [0xee], // out dx, al
    [0xeb, 0xea], // jmp next
    [0xba, 0xfd, 0x03], // wait: mov dx, 0x3fd
    [0xec], // empty: in al, dx
    [0xa8, 0x01], // test al, 1
    [0x74, 0xfb], // jz empty
    [0xb2, 0xf8], // mov dl, 0xf8
    [0xec], // in al, dx
    [0x3c, 0x72], // cmp al, 'r'
    [0x75, 0xf1], // jne wait
    [0xb0, 0xfe], // mov al, 0xfe
    [0xe6, 0x64], // out 0x64, al: the keyboard controller resets the machine
    [0xf4], // halt: hlt
    [0xeb, 0xfd], // jmp halt
  ].flat();
  disk.set([...code, ...Buffer.from(`\r\n${marker}\r\n\0`)]);
  disk.set([0x55, 0xaa], 510);
  return disk;
}

/** What iPXE runs on a disk of which it is the boot loader: prints a marker, reboots after a key. */
export function uefiDiskScript(marker: string): string {
  return ['#!ipxe', `echo ${marker}`, 'prompt', 'reboot', ''].join('\n');
}

/** A disc that boots from an image of its own: of a boot sector, or of a file system with a UEFI loader. */
export async function bootDisc(folder: string, machine: 'bios' | 'uefi', image: Buffer): Promise<string> {
  const files = join(folder, `${machine}-disc`);
  await mkdir(files, { recursive: true });
  await writeFile(join(files, 'boot.img'), image);
  const boot = machine === 'bios' ? ['-b', 'boot.img', '-boot-load-size', '4'] : ['-e', 'boot.img'];
  const disc = join(folder, `${machine}-disc.iso`);
  const args = ['-as', 'mkisofs', '-quiet', '-o', disc, ...boot, '-no-emul-boot', files];
  execFileSync('xorriso', args, { stdio: 'pipe' });
  return disc;
}
