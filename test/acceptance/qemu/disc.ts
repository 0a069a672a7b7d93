import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A bootable disc.
 * @param image - a boot sector, or a FAT file system with a loader
 * @see El Torito 1.0; UEFI 2.10 §13.3.2.1
 */
export function bootableDisc(firmware: 'bios' | 'uefi', image: Buffer): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'disc-'));
  try {
    const boot = join(folder, 'boot.img');
    writeFileSync(boot, image);
    const platform = firmware === 'bios' ? ['-b', 'boot.img', '-boot-load-size', '4'] : ['-e', 'boot.img'];
    const disc = join(folder, 'disc.iso');
    execFileSync(
      'xorriso',
      [
        '-as',
        'mkisofs',
        '-quiet',
        ...platform,
        '-no-emul-boot',
        '-o',
        disc,
        '-graft-points',
        `boot.img=${boot}`,
      ],
      { stdio: 'ignore' },
    );
    return readFileSync(disc);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
