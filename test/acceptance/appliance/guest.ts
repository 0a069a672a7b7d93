import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintIn, type ServiceSettings, settingsText } from '../../../src/node/service-settings.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { runProgram } from '../../../src/support/program.ts';
import { poll } from '../../../src/support/wait.ts';

/** Patience with one boot under software emulation. Milliseconds. */
const bootLimit = 240_000;

/** A machine that boots the appliance. */
export interface Guest {
  readonly serial: () => Promise<string>;
  /** The fingerprint that it writes to its console. */
  readonly fingerprint: () => Promise<string>;
  readonly pressPowerButton: () => void;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  readonly kill: () => Promise<void>;
}

/** Runs a program that must succeed. */
export async function succeed(program: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram(program, args, { timeout: 60_000 });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout;
}

/** Makes a config drive as Nova does: ISO 9660, labelled config-2. */
export async function makeConfigDrive(folder: string, settings: ServiceSettings): Promise<string> {
  const content = join(folder, 'config', 'openstack', 'latest');
  await mkdir(content, { recursive: true });
  await writeFile(join(content, 'user_data'), settingsText(settings));
  const drive = join(folder, 'config.iso');
  const layout = ['-V', 'config-2', '-J', '-r', '-o', drive, join(folder, 'config')];
  await succeed('xorriso', '-as', 'mkisofs', '-quiet', ...layout);
  return drive;
}

/** What a guest is started with. */
export interface GuestOptions {
  readonly folder: string;
  readonly disk: string;
  readonly configDrive: string;
  readonly firmware: 'bios' | 'uefi';
  /** MAC addresses of its two network cards. */
  readonly macs: readonly [string, string];
  /** Forwardings of QEMU's user networking to the first card: `tcp:127.0.0.1:1-10.0.2.15:2`. */
  readonly forward: readonly string[];
}

/** Starts a QEMU process of 512 MiB, without KVM. */
export function startGuest(options: GuestOptions): Guest {
  const { folder, disk, configDrive, firmware, macs, forward } = options;
  const log = join(folder, `serial-${randomUUID()}.log`);
  const args = ['-nodefaults', '-machine', `${firmware === 'bios' ? 'pc' : 'q35'},accel=tcg,graphics=off`];
  args.push('-m', '512', '-display', 'none', '-serial', `file:${log}`, '-monitor', 'stdio');
  if (firmware === 'uefi') args.push('-bios', '/usr/share/ovmf/OVMF.fd');
  args.push('-drive', `if=none,id=disk,format=qcow2,file=${disk}`);
  args.push('-device', 'virtio-blk-pci,drive=disk,bootindex=0');
  args.push('-drive', `if=none,id=config,media=cdrom,format=raw,readonly=on,file=${configDrive}`);
  // As clouds attach it; Debian's cloud kernel knows no AHCI, which is what a q35 machine has by itself.
  if (firmware === 'bios') args.push('-device', 'ide-cd,drive=config');
  else args.push('-device', 'virtio-scsi-pci', '-device', 'scsi-cd,drive=config');
  args.push('-netdev', ['user', 'id=one', ...forward.map(rule => `hostfwd=${rule}`)].join(','));
  args.push('-device', `virtio-net-pci,netdev=one,mac=${macs[0]},romfile=`);
  args.push('-netdev', 'user,id=two,restrict=on');
  args.push('-device', `virtio-net-pci,netdev=two,mac=${macs[1]},romfile=`);
  const child = spawn('qemu-system-x86_64', args, { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const serial = () => readFile(log, 'latin1').catch(() => '');
  return {
    serial,
    fingerprint: async () => {
      const look = async () => fingerprintIn(await serial());
      const found = await poll(systemClock, { every: 500, within: bootLimit }, look);
      if (found === undefined) throw new Error(`no fingerprint on the console: ${await serial()}`);
      return found;
    },
    pressPowerButton: () => child.stdin?.write('system_powerdown\n'),
    ended,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
