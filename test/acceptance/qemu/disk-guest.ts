import { fillDisk } from './guest.ts';

/** What the disk guest says when it has been started. */
export const diskGuestBanner = 'DISK GUEST';

/** What it can be told through its serial port; it answers `DONE` or `FAILED`. */
export const diskCommand = { read: Buffer.from('r'), write: Buffer.from('w') } as const;

const code = [
  'fa', //                start: cli
  '31 c0', //             xor ax,ax
  '8e d8', //             mov ds,ax
  '8e c0', //             mov es,ax
  'be 80 7d', //          mov si,0x7d80  (the banner)
  'e8 32 00', //          call say
  'ba fd 03', //          listen: mov dx,0x3fd  (line status)
  'ec', //                in al,dx
  'a8 01', //             test al,0x1
  '74 f8', //             je listen
  'ba f8 03', //          mov dx,0x3f8
  'ec', //                in al,dx
  'b4 02', //             mov ah,0x2  (read sectors)
  '3c 72', //             cmp al,0x72
  '74 06', //             je access
  'fe c4', //             inc ah  (write sectors)
  '3c 77', //             cmp al,0x77
  '75 e8', //             jne listen
  'b0 01', //             access: mov al,0x1
  'b9 02 00', //          mov cx,0x2  (the second sector)
  'ba 80 00', //          mov dx,0x80  (of the first disk)
  'bb 00 80', //          mov bx,0x8000
  'cd 13', //             int 0x13
  'be 57 7c', //          mov si,done
  '73 03', //             jnc tell
  'be 5e 7c', //          mov si,failed
  'e8 02 00', //          tell: call say
  'eb ce', //             jmp listen
  'ac', //                say: lods al,[si]
  '84 c0', //             test al,al
  '74 12', //             je said
  '88 c4', //             mov ah,al
  'ba fd 03', //          mov dx,0x3fd
  'ec', //                wait: in al,dx
  'a8 20', //             test al,0x20  (transmitter empty?)
  '74 fb', //             je wait
  'ba f8 03', //          mov dx,0x3f8
  '88 e0', //             mov al,ah
  'ee', //                out dx,al
  'eb e9', //             jmp say
  'c3', //                said: ret
];

/** Puts a boot sector on a machine's disk that reads and writes its second sector when it is told to; the machine is off. */
export function installDiskGuest(disk: string): void {
  const sector = Buffer.alloc(1 << 20);
  const start = Buffer.from(code.join('').replaceAll(' ', ''), 'hex');
  Buffer.concat([start, Buffer.from('DONE\r\n\0FAILED\r\n\0')]).copy(sector);
  sector.write(`${diskGuestBanner}\r\n\0`, 0x180, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  fillDisk(disk, sector);
}
