import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

/** What the test guest says when it has been started. */
export const guestBanner = 'TEST GUEST ON DISK';

/** What the test guest can be told through its serial port. */
export const guestCommand = { shutDown: Buffer.from('s'), reboot: Buffer.from('r') } as const;

/** A boot sector that says its banner and does what it is told. For QEMU's `pc` machine, after SeaBIOS. */
function bootSector(): Buffer {
  const code = [
    'fa', //        cli
    '31 c0', //     xor ax, ax
    '8e d8', //     mov ds, ax
    'be 44 7c', //  mov si, 0x7c44       the banner
    'ac', //        lodsb                say:
    '84 c0', //     test al, al
    '74 12', //     jz listen
    '88 c4', //     mov ah, al
    'ba fd 03', //  mov dx, 0x3fd        line status
    'ec', //        in al, dx
    'a8 20', //     test al, 0x20        transmitter empty?
    '74 fb', //     jz -5
    'ba f8 03', //  mov dx, 0x3f8
    '88 e0', //     mov al, ah
    'ee', //        out dx, al
    'eb e9', //     jmp say
    'ba fd 03', //  mov dx, 0x3fd        listen:
    'ec', //        in al, dx
    'a8 01', //     test al, 1           data ready?
    '74 fb', //     jz -5
    'ba f8 03', //  mov dx, 0x3f8
    'ec', //        in al, dx
    '3c 73', //     cmp al, 's'
    '74 06', //     je shut down
    '3c 72', //     cmp al, 'r'
    '74 0b', //     je reboot
    'eb ea', //     jmp listen
    'ba 04 06', //  mov dx, 0x604        shut down: ACPI's PM1a control
    'b8 00 20', //  mov ax, 0x2000       sleep type 0, sleep enable
    'ef', //        out dx, ax
    'eb e1', //     jmp listen
    'b0 fe', //     mov al, 0xfe         reboot: pulse the reset line
    'e6 64', //     out 0x64, al
    'eb db', //     jmp listen
  ];
  const sector = Buffer.alloc(512);
  const end = Buffer.from(code.join('').replaceAll(' ', ''), 'hex').copy(sector);
  sector.write(`${guestBanner}\r\n\0`, end, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** Puts the test guest on a machine's disk; the machine is off. */
export function installGuest(disk: string): void {
  const raw = `${disk}.raw`;
  writeFileSync(raw, Buffer.concat([bootSector(), Buffer.alloc(1 << 20)]));
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, disk]);
  rmSync(raw);
}
