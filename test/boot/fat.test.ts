import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fat16 } from '../../src/boot/fat.ts';

const options = { label: 'TEST', serial: 0x1234_5678, hiddenSectors: 2048 };

/** Reads a file back, by the format's own rules: BIOS parameter block, root folder, table. */
function readFat(image: Buffer, path: string): Buffer | undefined {
  const sector = image.readUInt16LE(11);
  const cluster = sector * image.readUInt8(13);
  const tableAt = image.readUInt16LE(14) * sector;
  const rootAt = tableAt + image.readUInt8(16) * image.readUInt16LE(22) * sector;
  const rootSize = image.readUInt16LE(17) * 32;
  const chain = (first: number): Buffer => {
    const parts: Buffer[] = [];
    for (let next = first; next >= 2 && next < 0xfff8; next = image.readUInt16LE(tableAt + next * 2)) {
      const at = rootAt + rootSize + (next - 2) * cluster;
      parts.push(image.subarray(at, at + cluster));
    }
    return Buffer.concat(parts);
  };
  let folder = image.subarray(rootAt, rootAt + rootSize);
  let content: Buffer | undefined;
  for (const part of path.toUpperCase().split('/')) {
    const [name = '', extension = ''] = part.split('.');
    const wanted = name.padEnd(8) + extension.padEnd(3);
    let found: Buffer | undefined;
    for (let at = 0; at < folder.length && folder[at] !== 0; at += 32) {
      if (folder.toString('latin1', at, at + 11) === wanted) found = folder.subarray(at, at + 32);
    }
    if (!found) return undefined;
    folder = chain(found.readUInt16LE(26));
    content = folder.subarray(0, found.readUInt32LE(28));
  }
  return content;
}

describe('fat16', () => {
  test('holds files in folders', () => {
    const files = [
      { path: 'EFI/BOOT/BOOTX64.EFI', content: Buffer.alloc(5_000, 1) },
      { path: 'EFI/readme', content: Buffer.alloc(0) },
      { path: 'kernel', content: Buffer.alloc(100_000, 2) },
    ];
    const image = fat16(files, options);
    for (const { path, content } of files) expect(readFat(image, path)?.equals(content)).toBe(true);
    expect(readFat(image, 'EFI/missing')).toBeUndefined();
  });

  test('is a FAT16 by its number of clusters, with two equal tables', () => {
    const image = fat16([{ path: 'a', content: Buffer.alloc(3) }], options);
    const tableSectors = image.readUInt16LE(22);
    const sectors = image.readUInt16LE(19) || image.readUInt32LE(32);
    const clusters = Math.floor(
      (sectors - image.readUInt16LE(14) - 2 * tableSectors - 32) / image.readUInt8(13),
    );
    expect(sectors * 512).toBe(image.length);
    expect(clusters).toBeGreaterThanOrEqual(4085);
    expect(clusters).toBeLessThan(65_525);
    expect(clusters + 2).toBeLessThanOrEqual(tableSectors * 256);
    const tables = [0, 1].map(copy =>
      image.subarray((4 + copy * tableSectors) * 512, (4 + (copy + 1) * tableSectors) * 512),
    );
    expect(tables[0]?.equals(tables[1] ?? Buffer.alloc(0))).toBe(true);
    expect(image.readUInt32LE(39)).toBe(options.serial);
    expect(image.readUInt32LE(28)).toBe(options.hiddenSectors);
    expect(image.readUInt16LE(510)).toBe(0xaa55);
  });

  test('gives back any content, whatever its size', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 9_000 }), fc.constant(2_048)), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 255 }), (lengths, fill) => {
        const files = lengths.map((length, index) => ({
          path: `dir${index % 3}/file${index}`,
          content: Buffer.alloc(length, (fill + index) & 0xff),
        }));
        const image = fat16(files, options);
        for (const { path, content } of files) expect(readFat(image, path)?.equals(content)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('grows with its content, in whole MiB, and refuses more than it can name', () => {
    const image = fat16([{ path: 'big', content: Buffer.alloc(30 * 2 ** 20) }], options);
    expect(image.length % 2 ** 20).toBe(0);
    expect(image.length).toBeLessThan(32 * 2 ** 20);
    const tooBig = [{ path: 'big', content: Buffer.alloc(140 * 2 ** 20) }];
    expect(() => fat16(tooBig, options)).toThrow(expect.objectContaining({ code: 'FAT_TOO_LARGE' }));
  });

  test('keeps long names beside short ones, tied to them by a checksum', () => {
    const image = fat16([{ path: 'autoexec.ipxe', content: Buffer.from('#!ipxe') }], options);
    expect(readFat(image, 'AUTOEX~1.IPX')?.toString()).toBe('#!ipxe');
    const entry = image.indexOf('AUTOEX~1IPX') - 32;
    const part = Buffer.concat(
      [
        [1, 11],
        [14, 26],
        [28, 32],
      ].map(([start, end]) => image.subarray(entry + (start ?? 0), entry + (end ?? 0))),
    );
    expect(part.toString('utf16le')).toBe('autoexec.ipxe');
    expect([...image.subarray(entry, entry + 1), image[entry + 11]]).toEqual([0x41, 0x0f]);
    // Each character is added to the sum so far, turned right by one bit.
    const sum = [...'AUTOEX~1IPX'].reduce(
      (before, letter) => (((before & 1) << 7) + (before >> 1) + letter.charCodeAt(0)) & 0xff,
      0,
    );
    expect(image[entry + 13]).toBe(sum);
  });

  test('refuses names that it cannot hold', () => {
    for (const path of ['a'.repeat(256), 'a.b.c', 'ä', '', 'x/']) {
      expect(() => fat16([{ path, content: Buffer.alloc(1) }], options)).toThrow(
        expect.objectContaining({ code: 'FAT_NAME' }),
      );
    }
  });
});
