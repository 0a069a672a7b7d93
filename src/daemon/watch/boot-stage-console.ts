import type { ConsoleStage } from './boot-stage.ts';

/** What firmware, boot loaders and systems write when they begin; each in its own words. */
const marks: Readonly<Record<ConsoleStage, string>> = {
  // Network cards have iPXE in their ROMs; one that was loaded has been given an address before.
  firmware:
    'SeaBIOS \\(version|BdsDxe: (?:loading|starting) Boot|UEFI Interactive Shell|iPXE initialising|iPXE \\d+\\.\\d+',
  dhcp: '>>Start PXE over|Station IP address is|^net\\d+: (?:\\d+\\.){3}\\d+',
  loader: 'GNU GRUB +version|Welcome to GRUB|(?:ISO|PXE|SYS)LINUX \\d',
  kernel: 'Linux version \\d|EFI stub: |Booting Linux on',
  agent: 'ironic[-_]python[-_]agent|quintupleo: stage ramdisk',
  os: '^[\\w./-]{1,64} login: |quintupleo: running from disk|Reached target .{0,20}[Mm]ulti-[Uu]ser',
  panicked: 'Kernel panic - not syncing',
};

const anyMark = new RegExp(
  Object.entries(marks)
    .map(([stage, mark]) => `(?<${stage}>${mark})`)
    .join('|'),
  'gm',
);

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are controlled by them
const controlSequence = /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][0-9A-Za-z]|[=>78cDEHMNOZ])/g;

/** Longest text of which a part may come with the next bytes. */
const longestMark = 128;

/** Reads off a serial console how far its machine is. */
export class ConsoleMarks {
  #rest = '';

  /** Takes what the machine has sent. @returns the stages that have begun with it, in order */
  take(bytes: Buffer): ConsoleStage[] {
    const text = this.#rest + bytes.toString('latin1').replace(controlSequence, '').replaceAll('\r', '');
    const found: ConsoleStage[] = [];
    let end = 0;
    for (const match of text.matchAll(anyMark)) {
      const stage = Object.keys(marks).find(name => match.groups?.[name] !== undefined);
      if (stage) found.push(stage as ConsoleStage);
      end = match.index + match[0].length;
    }
    this.#rest = text.slice(Math.max(end, text.length - longestMark));
    return found;
  }
}
