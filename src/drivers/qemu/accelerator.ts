import { access, constants, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLine, programEnvironment } from '../../host/programs.ts';
import { messageOf, QuintupleoError } from '../../support/errors.ts';
import { runProgram } from '../../support/program.ts';
import { probePassed, probePort, probeRom } from './probe-rom.ts';

/** What runs a machine's instructions. */
export type AcceleratorName = 'kvm' | 'tcg';

/** An accelerator, and why it is that one. */
export interface Accelerator {
  readonly name: AcceleratorName;
  /** For people. */
  readonly reason: string;
}

const kvmDevice = '/dev/kvm';

/** A working KVM needs a tenth of that. Seconds. */
const probeTime = 3;

/**
 * Settles the accelerator.
 * @param choice - `auto` takes KVM where a machine really runs under it
 * @throws QuintupleoError `KVM_UNUSABLE` when KVM was asked for and cannot be opened
 */
export async function chooseAccelerator(choice: 'auto' | 'kvm' | 'tcg'): Promise<Accelerator> {
  switch (choice) {
    case 'tcg':
      return { name: 'tcg', reason: 'as the lab file says' };
    case 'kvm': {
      const problem = await kvmProblem();
      if (problem === undefined) return { name: 'kvm', reason: 'as the lab file says' };
      throw new QuintupleoError(`KVM cannot be used: ${problem}`, {
        family: 'platform',
        code: 'KVM_UNUSABLE',
        remedy: 'Say accel: auto in the lab file, or give this user access to /dev/kvm.',
      });
    }
    case 'auto': {
      const problem = (await kvmProblem()) ?? (await probeOnce());
      return problem === undefined
        ? { name: 'kvm', reason: 'a test machine ran under it' }
        : { name: 'tcg', reason: `KVM cannot be used: ${problem}` };
    }
  }
}

async function kvmProblem(): Promise<string | undefined> {
  try {
    await access(kvmDevice, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** A host does not change its mind while we run. */
let probed: Promise<string | undefined> | undefined;

function probeOnce(): Promise<string | undefined> {
  probed ??= probe('pc');
  return probed;
}

let systemManagementProbed: Promise<boolean> | undefined;

/** Whether machines have a system management mode, which secure boot keeps its keys in. KVM within a cloud may have none. */
export async function hasSystemManagement({ name }: Accelerator): Promise<boolean> {
  if (name === 'tcg') return true;
  systemManagementProbed ??= probe('q35,smm=on').then(problem => problem === undefined);
  return systemManagementProbed;
}

/**
 * Runs a test machine.
 * @param machine - QEMU's type of it
 * @returns why no such machine runs under KVM; `undefined` when one does
 */
async function probe(machine: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-'));
  try {
    const rom = join(folder, 'probe.rom');
    await writeFile(rom, probeRom());
    const args = [
      ...['-nodefaults', '-no-user-config', '-display', 'none'],
      ...['-machine', machine, '-accel', 'kvm', '-cpu', 'host', '-m', '16', '-bios', rom],
      ...['-device', `isa-debug-exit,iobase=${probePort},iosize=1`],
    ];
    const options = { timeout: 2_000 * probeTime, env: programEnvironment };
    // A test machine that hangs must end too when this process is killed meanwhile.
    const bounded = ['--signal=KILL', String(probeTime), 'qemu-system-x86_64', ...args];
    const { status, stderr } = await runProgram('timeout', bounded, options);
    if (status === probePassed) return undefined;
    return /KVM internal error|emulation failure/.test(stderr)
      ? 'it fails on an instruction that Linux needs'
      : (lastLine(stderr) ?? 'a test machine did not run');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
