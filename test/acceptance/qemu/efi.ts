import { fat16 } from '../../../src/boot/fat.ts';

/**
 * A UEFI application that prints a text on the console, then stands still. Nobody has signed it.
 * @see UEFI 2.10 §4.3 (system table), §12.4 (OutputString); Microsoft PE format
 */
export function efiApplication(text: string): Buffer {
  const code = [
    '48 83 ec 28', //          sub rsp, 40
    '48 8b 4a 40', //          mov rcx, [rdx + 64]   system table: ConOut
    '48 8d 15 07 00 00 00', // lea rdx, [rip + 7]    the text
    'ff 51 08', //             call [rcx + 8]        OutputString
    'eb fe', //                jmp here
    '00 00', //                the text begins at an even address
  ];
  const fileAlignment = 0x200;
  const section = Buffer.alloc(fileAlignment);
  const end = Buffer.from(code.join('').replaceAll(' ', ''), 'hex').copy(section);
  section.write(`${text}\r\n\0`, end, 'utf16le');

  const header = Buffer.alloc(fileAlignment);
  header.write('MZ');
  header.writeUInt32LE(0x40, 0x3c);
  header.write('PE\0\0', 0x40);
  header.writeUInt16LE(0x8664, 0x44); // x86-64
  header.writeUInt16LE(1, 0x46); // sections
  header.writeUInt16LE(0xf0, 0x54); // size of the optional header
  header.writeUInt16LE(0x22, 0x56); // executable, large addresses
  const optional = header.subarray(0x58);
  optional.writeUInt16LE(0x20b, 0); // PE32+
  optional.writeUInt32LE(section.length, 4);
  optional.writeUInt32LE(0x1000, 16); // entry point
  optional.writeUInt32LE(0x1000, 20); // base of the code
  optional.writeUInt32LE(0x1000, 32); // section alignment
  optional.writeUInt32LE(fileAlignment, 36);
  optional.writeUInt32LE(0x2000, 56); // size in memory
  optional.writeUInt32LE(header.length, 60);
  optional.writeUInt16LE(10, 68); // EFI application
  optional.writeUInt32LE(16, 108); // data directories, all empty
  const table = header.subarray(0x148);
  table.write('.text');
  table.writeUInt32LE(section.length, 8);
  table.writeUInt32LE(0x1000, 12);
  table.writeUInt32LE(section.length, 16);
  table.writeUInt32LE(header.length, 20);
  table.writeUInt32LE(0x6000_0020, 36); // code, can be executed and read
  return Buffer.concat([header, section]);
}

/** A stick, or the UEFI part of a disc, that a firmware boots: with the loader at the place for removable media. */
export function efiStick(loader: Buffer): Buffer {
  const files = [{ path: 'EFI/BOOT/BOOTX64.EFI', content: loader }];
  return fat16(files, { label: 'TEST', serial: 0x5154_0001, hiddenSectors: 0 });
}
