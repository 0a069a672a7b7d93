import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Firmware } from '../../../src/node/spec.ts';

/** Debian's package ovmf. */
export const ovmf = { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' };

/** Whether the programs are there that {@link startMachine} needs. */
export const hasMachines = existsSync('/usr/bin/qemu-system-x86_64') && existsSync(ovmf.code);

/** How a machine is to be started. */
export interface MachineOptions {
  /** Holds its scraps: variables of the firmware, serial log. */
  readonly folder: string;
  readonly firmware: Firmware;
  /** Raw image of its only disk. */
  readonly disk: string;
  readonly mac: string;
  readonly first: 'network' | 'disk';
  /** What DHCP tells it to fetch. */
  readonly bootFile: string;
}

/** A QEMU process without KVM, on user networking, where the host is 10.0.2.2. */
export interface Machine {
  serial(): Promise<string>;
  pressPowerButton(): void;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  kill(): Promise<void>;
}

export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { folder, firmware, disk, mac, first } = options;
  const log = join(folder, 'serial.log');
  const args = ['-nodefaults', '-machine', 'q35,accel=tcg,graphics=off', '-m', '384', '-display', 'none'];
  args.push('-serial', `file:${log}`, '-monitor', 'stdio');
  args.push('-drive', `if=none,id=disk,format=raw,file=${disk}`);
  args.push('-device', `virtio-blk-pci,drive=disk,bootindex=${first === 'disk' ? 0 : 1}`);
  args.push('-netdev', `user,id=net,bootfile=${options.bootFile}`);
  args.push('-device', `virtio-net-pci,netdev=net,mac=${mac},bootindex=${first === 'disk' ? 1 : 0}`);
  if (firmware === 'uefi') {
    const variables = join(folder, 'variables.fd');
    await copyFile(ovmf.variables, variables);
    args.push('-drive', `if=pflash,format=raw,readonly=on,file=${ovmf.code}`);
    args.push('-drive', `if=pflash,format=raw,file=${variables}`);
  }
  const child: ChildProcess = spawn('qemu-system-x86_64', args, { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  return {
    serial: () => readFile(log, 'latin1'),
    pressPowerButton: () => child.stdin?.write('system_powerdown\n'),
    ended,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
