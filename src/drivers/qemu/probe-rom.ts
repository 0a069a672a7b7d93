/** A processor test of 64 KiB that takes the place of a machine's firmware. */

/** The I/O port at which the test says how it went, for QEMU's `isa-debug-exit` device. */
export const probePort = 0xf4;

/** QEMU's exit status after a test that went well: the device makes 2 n + 1 of the value written. */
export const probePassed = 2 * 0x20 + 1;

const size = 0x1_0000;

/**
 * The test: goes from reset to 64-bit mode and does an atomic 16-byte compare and exchange there, as every Linux
 * kernel does all the time. A processor's own virtualisation runs it without a thought. An emulation of it that
 * only knows the commoner instructions gives up, and so would a kernel.
 */
export function probeRom(): Buffer {
  const rom = Buffer.alloc(size, 0xf4); // hlt
  const put = (at: number, ...hex: string[]) =>
    Buffer.from(hex.join('').replaceAll(' ', ''), 'hex').copy(rom, at);
  // Runs at F000:0000 in real mode; memory is all zeros.
  put(
    0x0000,
    'fa', //                    cli
    '31 c0', //                 xor ax, ax
    '8e d8', //                 mov ds, ax
    '66 c7 06 00 10 03200000', // mov dword [0x1000], 0x2003   PML4: table at 0x2000, writable
    '66 c7 06 00 20 03300000', // mov dword [0x2000], 0x3003   PDPT: table at 0x3000, writable
    '66 c7 06 00 30 83000000', // mov dword [0x3000], 0x0083   PD: the first 2 MiB as one page
    '66 b8 20000000', //        mov eax, 0x20
    '0f 22 e0', //              mov cr4, eax                   physical address extension
    '66 b8 00100000', //        mov eax, 0x1000
    '0f 22 d8', //              mov cr3, eax
    '66 b9 800000c0', //        mov ecx, 0xc0000080            EFER
    '0f 32', //                 rdmsr
    '80 cc 01', //              or ah, 1                       long mode
    '0f 30', //                 wrmsr
    '2e 66 0f 01 16 80 00', //  lgdt cs:[0x0080]
    '66 b8 11000080', //        mov eax, 0x80000011
    '0f 22 c0', //              mov cr0, eax                   protection and paging
    '66 ea a0000f00 0800', //   jmp far 0x08:0x000f00a0
  );
  put(0x0080, '0f00', '90000f00'); // limit and address of the descriptor table
  put(0x0090, '0000000000000000', '0000 0000 00 9b 20 00'); // none; 64-bit code
  put(
    0x00a0,
    '31 c0', //          xor eax, eax
    '31 d2', //          xor edx, edx
    'bb 20000000', //    mov ebx, 0x20
    '31 c9', //          xor ecx, ecx
    'bf 00900000', //    mov edi, 0x9000
    'f0 48 0f c7 0f', // lock cmpxchg16b [rdi]
    '8b 07', //          mov eax, [rdi]      0x20 if it was exchanged
    'e6 f4', //          out 0xf4, al
  );
  put(0xfff0, 'ea 0000 00f0'); // reset vector: jmp far 0xf000:0x0000
  return rom;
}
