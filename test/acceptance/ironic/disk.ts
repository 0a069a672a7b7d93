import { execFile } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A partition of a disk. */
export interface Partition {
  /** Bytes. */
  readonly start: number;
  readonly size: number;
  /** As `sfdisk` names it: two hexadecimal digits, or a UUID. */
  readonly type: string;
}

/** What is on the disk of a node, while the node is off. */
export class Disk {
  readonly #folder: string;
  readonly #raw: string;

  private constructor(folder: string, raw: string) {
    this.#folder = folder;
    this.#raw = raw;
  }

  /**
   * @param image - the disk's file, of any format
   * @param folder - for copies
   */
  static async read(image: string, folder: string): Promise<Disk> {
    const raw = join(folder, 'disk.raw');
    await run('qemu-img', ['convert', '-O', 'raw', image, raw], { timeout: 60_000 });
    return new Disk(folder, raw);
  }

  async bytes(start: number, length: number): Promise<Buffer> {
    await using file = await open(this.#raw);
    const buffer = Buffer.alloc(length);
    await file.read(buffer, 0, length, start);
    return buffer;
  }

  async partitions(): Promise<readonly Partition[]> {
    const { stdout } = await run('/usr/sbin/sfdisk', ['--json', this.#raw]);
    const { partitiontable } = JSON.parse(stdout) as {
      readonly partitiontable: { readonly sectorsize?: number; readonly partitions: readonly Partition[] };
    };
    const sector = partitiontable.sectorsize ?? 512;
    return partitiontable.partitions.map(({ start, size, type }) => ({
      start: start * sector,
      size: size * sector,
      type,
    }));
  }

  /**
   * A file of the config drive, which is an ISO 9660 file system called `config-2` in a partition.
   * @returns `undefined` when there is no config drive
   * @see https://docs.openstack.org/nova/latest/user/metadata.html#config-drives
   */
  async onConfigDrive(path: string): Promise<string | undefined> {
    for (const { start, size } of await this.partitions()) {
      const descriptor = await this.bytes(start + 16 * 2048, 2048);
      const label = descriptor.toString('latin1', 40, 72).trimEnd();
      if (descriptor.toString('latin1', 1, 6) !== 'CD001' || label !== 'config-2') continue;
      const drive = join(this.#folder, 'config-drive.iso');
      await writeFile(drive, await this.bytes(start, size));
      return (await run('isoinfo', ['-i', drive, '-R', '-x', path])).stdout;
    }
    return undefined;
  }
}
