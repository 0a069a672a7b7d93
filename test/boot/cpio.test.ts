import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CpioEntry, cpio } from '../../src/boot/cpio.ts';

const hasCpio = (() => {
  try {
    execFileSync('cpio', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe('cpio', () => {
  test('writes a file as the kernel documents the format', () => {
    const archive = cpio([{ kind: 'file', path: 'hello', mode: 0o755, content: Buffer.from('world') }]);
    const file = [
      '070701', // magic
      '00000001', // inode
      '000081ed', // regular file, rwxr-xr-x
      '00000000', // owner
      '00000000', // group
      '00000001', // links
      '00000000', // modified
      '00000005', // size
      '00000000', // device
      '00000000',
      '00000000', // device that it is
      '00000000',
      '00000006', // length of the name with its zero
      '00000000', // checksum
    ].join('');
    expect(archive.toString('latin1', 0, 110)).toBe(file);
    expect(archive.toString('latin1', 110, 116)).toBe('hello\0');
    // 116 is a multiple of four: no padding before the content, three bytes after it.
    expect(archive.toString('latin1', 116, 124)).toBe('world\0\0\0');
    const trailer = archive.subarray(124);
    expect(trailer.toString('latin1', 0, 6)).toBe('070701');
    expect(trailer.toString('latin1', 14, 22)).toBe('00000000');
    expect(trailer.toString('latin1', 110, 120)).toBe('TRAILER!!!');
    expect(trailer.length % 4).toBe(0);
  });

  test('every name and content ends on a multiple of four bytes', () => {
    const entry = fc.record({
      kind: fc.constant('file' as const),
      path: fc.stringMatching(/^[a-z/]{1,40}$/),
      mode: fc.constant(0o644),
      content: fc.uint8Array({ maxLength: 50 }),
    });
    fc.assert(
      fc.property(fc.array(entry), entries => {
        const archive = cpio(entries);
        let at = 0;
        for (const { path, content } of entries) {
          expect(archive.toString('latin1', at, at + 6)).toBe('070701');
          at += Math.ceil((110 + path.length + 1) / 4) * 4;
          expect([...archive.subarray(at, at + content.length)]).toEqual([...content]);
          at += Math.ceil(content.length / 4) * 4;
        }
        expect(archive.toString('latin1', at + 110, at + 120)).toBe('TRAILER!!!');
      }),
    );
  });

  test.skipIf(!hasCpio)('GNU cpio lists what was put in', () => {
    const entries: CpioEntry[] = [
      { kind: 'folder', path: 'bin', mode: 0o755 },
      { kind: 'file', path: 'bin/tool', mode: 0o755, content: Buffer.from('abc') },
      { kind: 'symlink', path: 'bin/alias', target: 'tool' },
    ];
    const listing = execFileSync('cpio', ['-t', '-v', '--quiet', '-n'], { input: cpio(entries) }).toString();
    const lines = listing.trim().split('\n');
    expect(lines[0]).toMatch(/^drwxr-xr-x .* bin$/);
    expect(lines[1]).toMatch(/^-rwxr-xr-x .* 3 .* bin\/tool$/);
    expect(lines[2]).toMatch(/^lrwxrwxrwx .* bin\/alias -> tool$/);
  });
});
