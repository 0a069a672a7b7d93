import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A disk that says a word on the first serial port when it is booted by a BIOS, then halts for ever: it hears no ACPI.
 * @param text - at most 400 characters of ASCII
 */
export function bootSector(text: string): Buffer {
  const disk = Buffer.alloc(1 << 20);
  disk.set([
    ...[0x31, 0xc0], //       xor ax, ax
    ...[0x8e, 0xd8], //       mov ds, ax
    ...[0x31, 0xd2], //       xor dx, dx       first serial port
    ...[0xb8, 0xe3, 0x00], // mov ax, 0x00e3   9600 baud, 8N1
    ...[0xcd, 0x14], //       int 0x14
    ...[0xbe, 0x20, 0x7c], // mov si, 0x7c20   the text
    0xfc, //                  cld
    0xac, //                  next: lodsb
    ...[0x84, 0xc0], //       test al, al
    ...[0x74, 0x08], //       jz halt
    ...[0xb4, 0x01], //       mov ah, 1        write a character
    ...[0x31, 0xd2], //       xor dx, dx
    ...[0xcd, 0x14], //       int 0x14
    ...[0xeb, 0xf3], //       jmp next
    0xf4, //                  halt: hlt
    ...[0xeb, 0xfd], //       jmp halt
  ]);
  disk.write(`${text}\r\n\0`, 0x20, 'ascii');
  disk.set([0x55, 0xaa], 510);
  return disk;
}

/**
 * What the boot sector says that a running machine has been started with, as it is in the machine's memory.
 * @param domain - libvirt's name of the machine
 */
export async function bootedSector(domain: string): Promise<string> {
  const monitor = ['-q', '-c', 'qemu:///system', 'qemu-monitor-command', domain, '--hmp'];
  const { stdout } = await run('virsh', [...monitor, 'xp /64xb 0x7c20']);
  const bytes = [...stdout.matchAll(/0x([0-9a-f]{2})\b/g)].map(([, byte]) => Number.parseInt(byte ?? '', 16));
  return Buffer.from(bytes).toString('latin1').split('\0', 1).join();
}
