import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

/** What the test guest says when it has been started, unless told otherwise. */
export const guestBanner = 'TEST GUEST ON DISK';

/** What the test guest can be told through its serial port. */
export const guestCommand = {
  shutDown: Buffer.from('s'),
  reboot: Buffer.from('r'),
  /** Says the text at the beginning of the disc that is in the CD-ROM drive, or `NO`. */
  readDisc: Buffer.from('d'),
  /** Locks the CD-ROM drive's tray, and says `YES`. */
  lockTray: Buffer.from('l'),
  /** Says whether something is plugged into a USB port: `YES`, `NO`. */
  lookForStick: Buffer.from('u'),
} as const;

const code = [
  'fa', //                start: cli
  '31 c0', //             xor ax,ax
  '8e d8', //             mov ds,ax
  '8e c0', //             mov es,ax
  'be 80 7d', //          mov si,0x7d80  (the banner)
  'e8 b0 00', //          call say
  'ba fd 03', //          listen: mov dx,0x3fd  (line status)
  'ec', //                in al,dx
  'a8 01', //             test al,0x1
  '74 f8', //             je listen
  'ba f8 03', //          mov dx,0x3f8
  'ec', //                in al,dx
  '3c 73', //             cmp al,0x73
  '74 12', //             je shut down
  '3c 72', //             cmp al,0x72
  '74 17', //             je reboot
  '3c 6c', //             cmp al,0x6c
  '74 19', //             je lock
  '3c 64', //             cmp al,0x64
  '74 1d', //             je disc
  '3c 75', //             cmp al,0x75
  '74 44', //             je stick
  'eb de', //             jmp listen
  'ba 04 06', //          shut down: mov dx,0x604  (ACPI's PM1a control)
  'b8 00 20', //          mov ax,0x2000  (sleep type 0, sleep enable)
  'ef', //                out dx,ax
  'eb d5', //             jmp listen
  'b0 fe', //             reboot: mov al,0xfe  (pulse the reset line)
  'e6 64', //             out 0x64,al
  'eb cf', //             jmp listen
  'be 09 7d', //          lock: mov si,prevent
  'e8 a3 00', //          call packet
  'eb 26', //             jmp say yes
  'b9 03 00', //          disc: mov cx,0x3
  '51', //                again: push cx
  'be 15 7d', //          mov si,sense
  'b9 09 00', //          mov cx,0x9
  'e8 82 00', //          call read
  'be 21 7d', //          mov si,read10
  'b9 00 04', //          mov cx,0x400
  'e8 79 00', //          call read
  '59', //                pop cx
  'be 00 80', //          mov si,0x8000
  '75 05', //             jne tell
  'e2 e5', //             loop again
  'be 49 7d', //          say no: mov si,no
  'e8 53 00', //          tell: call say
  'eb a1', //             jmp listen
  'be 43 7d', //          say yes: mov si,yes
  'eb f6', //             jmp tell
  'b8 03 b1', //          stick: mov ax,0xb103  (PCI BIOS: find a class)
  '66 b9 30 03 0c 00', // mov ecx,0xc0330  (class: xHCI)
  '31 f6', //             xor si,si
  'cd 1a', //             int 0x1a
  'b8 0a b1', //          mov ax,0xb10a  (PCI BIOS: the address of its registers)
  'bf 10 00', //          mov di,0x10
  'cd 1a', //             int 0x1a
  '80 e1 f0', //          and cl,0xf0
  '0f 01 16 2d 7d', //    lgdtw ds:gdtr
  '0f 20 c0', //          mov eax,cr0
  '0c 01', //             or al,0x1
  '0f 22 c0', //          mov cr0,eax
  'bb 08 00', //          mov bx,0x8
  '8e e3', //             mov fs,bx
  '24 fe', //             and al,0xfe
  '0f 22 c0', //          mov cr0,eax
  '66 31 d2', //          xor edx,edx
  'bd 08 00', //          mov bp,0x8  (ports)
  '64 67 66 0b 91 40 04 00 00', // port: or edx,fs:[ecx+0x440]
  '66 83 c1 10', //       add ecx,0x10
  '4d', //                dec bp
  '75 f0', //             jne port
  'f6 c2 01', //          test dl,0x1  (connected?)
  '75 b1', //             jne say yes
  'eb a7', //             jmp say no
  'ac', //                say: lods al,[si]
  '84 c0', //             test al,al
  '74 12', //             je done
  '88 c4', //             mov ah,al
  'ba fd 03', //          mov dx,0x3fd  (line status)
  'ec', //                say wait: in al,dx
  'a8 20', //             test al,0x20  (transmitter empty?)
  '74 fb', //             je say wait
  'ba f8 03', //          mov dx,0x3f8
  '88 e0', //             mov al,ah
  'ee', //                out dx,al
  'eb e9', //             jmp say
  'c3', //                done: ret
  '51', //                read: push cx
  'e8 0e 00', //          call packet
  '59', //                pop cx
  'ba f0 01', //          mov dx,0x1f0
  'bf 00 80', //          mov di,0x8000
  'a8 08', //             test al,0x8
  '74 f0', //             je done
  'f3 6d', //             rep ins es:[di],dx
  'c3', //                ret
  'ba f5 01', //          packet: mov dx,0x1f5  (first IDE drive: byte count)
  'b0 08', //             mov al,0x8
  'ee', //                out dx,al
  '42', //                inc dx
  'b0 a0', //             mov al,0xa0
  'ee', //                out dx,al
  '42', //                inc dx
  'ee', //                out dx,al
  'ec', //                packet wait: in al,dx
  'a8 08', //             test al,0x8
  '74 fb', //             je packet wait
  'ba f0 01', //          mov dx,0x1f0
  'b9 06 00', //          mov cx,0x6
  'f3 6f', //             rep outs dx,[si]
  'ba f7 01', //          mov dx,0x1f7  (status)
  'ec', //                packet busy: in al,dx
  'a8 80', //             test al,0x80
  '75 fb', //             jne packet busy
  'c3', //                ret
];

const data = [
  '1e 00 00 00 01 00 00 00 00 00 00 00', // PREVENT ALLOW MEDIUM REMOVAL: prevent
  '03 00 00 00 12 00 00 00 00 00 00 00', // REQUEST SENSE
  '28 00 00 00 00 00 00 00 01 00 00 00', // READ (10): block 0
  '0f 00 33 7d 00 00', //                   descriptor table: limit, address
  '00 00 00 00 00 00 00 00', //             no segment
  'ff ff 00 00 00 92 cf 00', //             all 4 GiB
];

/** A boot sector that says its banner and does what it is told. For QEMU's `pc` machine, after SeaBIOS. */
function bootSector(banner: string): Buffer {
  const sector = Buffer.alloc(512);
  Buffer.from([...code, ...data].join('').replaceAll(' ', ''), 'hex').copy(sector);
  sector.write('YES\r\n\0', 0x143, 'latin1');
  sector.write('NO\r\n\0', 0x149, 'latin1');
  sector.write(`${banner}\r\n\0`, 0x180, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** A raw disk, or stick, with the test guest. */
export function guestDisk(banner = guestBanner): Buffer {
  return Buffer.concat([bootSector(banner), Buffer.alloc(1 << 20)]);
}

/** Puts the test guest on a machine's disk; the machine is off. */
export function installGuest(disk: string): void {
  fillDisk(disk, guestDisk());
}

/** Puts content on a machine's disk, which becomes as large as that; the machine is off. */
export function fillDisk(disk: string, content: Buffer): void {
  const raw = `${disk}.raw`;
  writeFileSync(raw, content);
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, disk]);
  rmSync(raw);
}
