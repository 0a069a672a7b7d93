import { type FirmwareAnswer, firmwareAddress } from '../node/firmware.ts';
import type { Firmware } from '../node/spec.ts';
import { unreachable } from '../support/errors.ts';
import { script } from './ipxe-scripts.ts';

/** Where firmware asks what to boot. */
export const firmwareEndpoint = { address: firmwareAddress, prefix: 64, port: 8623 };

/** Tries of one question; each may take {@link tryTimeout}, and a second passes between two of them. */
const tries = 3;
/** Milliseconds. */
const tryTimeout = 1_500;

/** How the files of virtual media may be called. */
export const mediaName = /^[A-Za-z0-9][\w.-]{0,199}$/;

/** File on a UEFI disc that lets the UEFI shell start what is on the machine's disks. */
export const diskShellScript = 'disk.nsh';
/** The UEFI shell on a UEFI disc. */
export const shellFile = 'shellx64.efi';

/**
 * What the firmware disc does at every boot: asks by its first network card what to boot and does it. Where nothing
 * came of that, or nobody answers within about six seconds, it boots from the machine's own disk.
 */
export function discScript(firmware: Firmware): string {
  const { address, port } = firmwareEndpoint;
  const question = `\${net0/mac:hexhyp}?boot=\${boot}&platform=\${platform}`;
  return script([
    // Kept for all tries: whoever is asked must know a second try from a second boot.
    `set boot \${unixtime}`,
    'set try:int32 0',
    'ifopen net0 ||',
    ':ask',
    // A question that was answered and an answer that failed are told apart, so that no answer is asked for twice.
    `imgfetch --name answer --timeout ${tryTimeout} http://[${address}%25net0]:${port}/firmware/${question} && goto answered ||`,
    'inc try',
    `iseq \${try} ${tries} && goto unanswered ||`,
    'sleep 1',
    'goto ask',
    ':unanswered',
    'echo quintupleo: the boot director does not answer, booting from the disk',
    'goto disk',
    ':answered',
    'imgexec answer ||',
    'imgfree answer ||',
    ':disk',
    ...diskCommands(firmware),
  ]);
}

/**
 * What iPXE does on a machine that asks nobody: network boot, by whichever of its cards can. Without one, a disc goes on
 * to the machine's own disk; a disk that holds iPXE alone has nothing to go on to, and tries again.
 */
export function networkScript(medium: 'disc' | 'disk'): string {
  return script([
    ':again',
    'echo quintupleo: booting from the network',
    'autoboot ||',
    ...(medium === 'disk'
      ? ['sleep 5', 'goto again']
      : [
          'echo quintupleo: no network boot, booting from the disk',
          `iseq \${platform} pcbios && sanboot --no-describe --drive 0x80 ||`,
          'exit 1',
        ]),
  ]);
}

/**
 * A UEFI shell script that starts the first operating system's loader on a disk that it finds. The firmware knows no
 * boot option for a disk that its platform did not put into the boot order, but the shell can see every disk.
 */
export function diskShell(): string {
  const loaders = ['\\EFI\\BOOT\\BOOTX64.EFI', '\\EFI\\Microsoft\\Boot\\bootmgfw.efi'];
  const systems = [
    'debian',
    'ubuntu',
    'centos',
    'rocky',
    'almalinux',
    'redhat',
    'fedora',
    'opensuse',
    'sles',
  ];
  for (const system of systems)
    loaders.push(`\\EFI\\${system}\\shimx64.efi`, `\\EFI\\${system}\\grubx64.efi`);
  return [
    '@echo -off',
    'connect -r',
    'map -r > nul',
    ...['0 1 2 3 4 5 6 7 8 9'].flatMap(numbers => [
      `for %n in ${numbers}`,
      // The disc itself has a loader too.
      `  if not exist fs%n:\\${diskShellScript} then`,
      ...loaders.flatMap(loader => [`    if exist fs%n:${loader} then`, `      fs%n:${loader}`, '    endif']),
      '  endif',
      'endfor',
    ]),
    'exit 1',
    '',
  ].join('\r\n');
}

/**
 * What a node's firmware is told.
 * @param mac - the network card by which it asked
 */
export function answerScript(node: string, mac: string, answer: FirmwareAnswer): string {
  switch (answer.kind) {
    case 'network':
      return script([`echo quintupleo: ${node} boots from the network`, 'autoboot net0 ||', ...ownDisk]);
    case 'disk':
      return script([`echo quintupleo: ${node} boots from its disk`, ...ownDisk]);
    case 'media':
      return mediaScript(node, mac, answer.image);
    case 'wait':
      return script([
        `echo quintupleo: ${node} is about to be powered off, so nothing is booted`,
        ':wait',
        'sleep 60',
        'goto wait',
      ]);
    default:
      return unreachable(answer);
  }
}

/** For firmware that cannot be told better: `why` as a few harmless words. */
export function politeAnswer(why: string): string {
  return script([`echo quintupleo: ${why}, booting from the disk`, ...ownDisk]);
}

/** Without DHCP: the card is open, and has the link-local address by which it has just asked. */
function mediaScript(node: string, mac: string, image: string): string {
  const { address, port } = firmwareEndpoint;
  // iPXE would take white space for the end of the word and a dollar sign for a setting.
  if (!mediaName.test(image)) return politeAnswer(`${node} has media of an unusable name`);
  return script([
    `echo quintupleo: ${node} boots from its virtual media`,
    `sanboot --no-describe http://[${address}%25net0]:${port}/media/${mac}/${image} ||`,
    `echo quintupleo: the virtual media cannot be booted`,
    ...ownDisk,
  ]);
}

// How its machine boots from the disk is the disc's to know: it goes on when the answer has ended.
const ownDisk = ['exit 0'];

function diskCommands(firmware: Firmware): string[] {
  switch (firmware) {
    case 'bios':
      return ['sanboot --no-describe --drive 0x80 ||', 'exit 1'];
    case 'uefi':
      return [
        `imgfetch --name startup.nsh file:/${diskShellScript} && chain file:/${shellFile} -delay 0 ||`,
        // A failure lets the firmware go on to its next boot option; after a success it would show its setup screen.
        'exit 1',
      ];
    default:
      return unreachable(firmware);
  }
}
