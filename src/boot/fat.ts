import { QuintupleoError } from '../support/errors.ts';

/** A file to be put into a file system, by its path of ASCII names. */
export interface FatFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/** What a file system is called and where it will lie. */
export interface FatOptions {
  /** At most 11 ASCII characters. */
  readonly label: string;
  /** 32 bits by which boot loaders find it. */
  readonly serial: number;
  /** Sectors of the disk before the partition. */
  readonly hiddenSectors: number;
}

const sectorSize = 512;
const sectorsPerCluster = 4;
const clusterSize = sectorSize * sectorsPerCluster;
const reservedSectors = 4;
const rootEntries = 512;
const entrySize = 32;
const rootSectors = (rootEntries * entrySize) / sectorSize;
/** With fewer clusters it would be a FAT12, with more a FAT32. */
const leastClusters = 4085;
const mostClusters = 65524;
const endOfChain = 0xffff;
const megabyte = 2 ** 20;

/**
 * A FAT16 file system that holds the given files, just large enough and a whole number of MiB, so that a firmware
 * (UEFI) and a boot loader can read them. Equal files give equal bytes.
 * @throws QuintupleoError `FAT_TOO_LARGE`, `FAT_NAME`
 * @see Microsoft FAT32 File System Specification 1.03 (which describes FAT16 too); UEFI 2.10 §13.3
 */
export function fat16(files: readonly FatFile[], options: FatOptions): Buffer {
  const root = tree(files);
  const used = clustersOf(root);
  const wanted = Math.max(used, leastClusters + 16);
  const fatSectors = Math.ceil(((wanted + 2) * 2) / sectorSize) + 2;
  const least = (reservedSectors + 2 * fatSectors + rootSectors) * sectorSize + wanted * clusterSize;
  const size = Math.ceil(least / megabyte) * megabyte;
  // Rounding up to a MiB adds at most 512 clusters: what the two spare sectors of each table can name.
  const dataSector = reservedSectors + 2 * fatSectors + rootSectors;
  if (Math.floor((size / sectorSize - dataSector) / sectorsPerCluster) > mostClusters) {
    throw new QuintupleoError(`${size} bytes are more than a FAT16 file system of 2 KiB clusters holds`, {
      family: 'bug',
      code: 'FAT_TOO_LARGE',
    });
  }

  const image = Buffer.alloc(size);
  bootSector(size / sectorSize, fatSectors, options).copy(image);
  const table = [0xfff8, endOfChain];
  const offsetOf = (cluster: number) => dataSector * sectorSize + (cluster - 2) * clusterSize;

  /** Puts content into the next free clusters and returns the first one; 0, as the format has it, if it is empty. */
  const store = (content: Uint8Array): number => {
    const count = Math.ceil(content.length / clusterSize);
    const first = table.length;
    for (let n = 1; n <= count; n++) table.push(n === count ? endOfChain : first + n);
    image.set(content, offsetOf(first));
    return count === 0 ? 0 : first;
  };

  const fillFolder = (folder: Folder, self: number, parent: number): Buffer => {
    const entries = [...folder.entries].flatMap(([name, item]) => {
      const { short, long } = namesOf(name);
      if (item instanceof Uint8Array) return [...long, directoryEntry(short, 0x20, store(item), item.length)];
      const cluster = store(Buffer.alloc(folderSize(item)));
      image.set(fillFolder(item, cluster, self), offsetOf(cluster));
      return [...long, directoryEntry(short, 0x10, cluster, 0)];
    });
    if (self === 0) return Buffer.concat([directoryEntry(options.label.padEnd(11), 0x08, 0, 0), ...entries]);
    const dot = directoryEntry('.'.padEnd(11), 0x10, self, 0);
    const dotDot = directoryEntry('..'.padEnd(11), 0x10, parent, 0);
    return Buffer.concat([dot, dotDot, ...entries]);
  };
  image.set(fillFolder(root, 0, 0), (reservedSectors + 2 * fatSectors) * sectorSize);

  for (const [cluster, next] of table.entries()) {
    for (const copy of [0, 1]) {
      image.writeUInt16LE(next, (reservedSectors + copy * fatSectors) * sectorSize + cluster * 2);
    }
  }
  return image;
}

interface Folder {
  readonly entries: Map<string, Folder | Uint8Array>;
}

function tree(files: readonly FatFile[]): Folder {
  const root: Folder = { entries: new Map() };
  for (const { path, content } of files) {
    const names = path.split('/');
    const fileName = names.pop() ?? '';
    let folder = root;
    for (const name of names) {
      const known = folder.entries.get(name);
      const next: Folder = known && !(known instanceof Uint8Array) ? known : { entries: new Map() };
      folder.entries.set(name, next);
      folder = next;
    }
    folder.entries.set(fileName, content);
  }
  return root;
}

/** Bytes of a folder's own list, with its two dots. */
function folderSize(folder: Folder): number {
  const entries = [...folder.entries.keys()].map(name => namesOf(name).long.length + 1);
  return entries.reduce((sum, count) => sum + count, 2) * entrySize;
}

function clustersOf(folder: Folder): number {
  let clusters = 0;
  for (const item of folder.entries.values()) {
    const size = item instanceof Uint8Array ? item.length : folderSize(item);
    clusters += Math.ceil(size / clusterSize) + (item instanceof Uint8Array ? 0 : clustersOf(item));
  }
  return clusters;
}

function bootSector(sectors: number, fatSectors: number, options: FatOptions): Buffer {
  const sector = Buffer.alloc(sectorSize);
  sector.set([0xeb, 0x3c, 0x90]); // jump over the parameters, as readers expect it
  sector.write('MSWIN4.1', 3, 'latin1');
  sector.writeUInt16LE(sectorSize, 11);
  sector.writeUInt8(sectorsPerCluster, 13);
  sector.writeUInt16LE(reservedSectors, 14);
  sector.writeUInt8(2, 16); // copies of the table
  sector.writeUInt16LE(rootEntries, 17);
  sector.writeUInt16LE(sectors < 0x1_0000 ? sectors : 0, 19);
  sector.writeUInt8(0xf8, 21); // a fixed disk
  sector.writeUInt16LE(fatSectors, 22);
  sector.writeUInt16LE(63, 24); // sectors a track and heads: the usual geometry of large disks
  sector.writeUInt16LE(255, 26);
  sector.writeUInt32LE(options.hiddenSectors, 28);
  sector.writeUInt32LE(sectors < 0x1_0000 ? 0 : sectors, 32);
  sector.writeUInt8(0x80, 36); // BIOS drive number
  sector.writeUInt8(0x29, 38); // the next three fields are there
  sector.writeUInt32LE(options.serial, 39);
  sector.write(options.label.padEnd(11), 43, 11, 'latin1');
  sector.write('FAT16   ', 54, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

function directoryEntry(name: string, attributes: number, cluster: number, size: number): Buffer {
  const entry = Buffer.alloc(entrySize);
  entry.write(name, 0, 11, 'latin1');
  entry.writeUInt8(attributes, 11);
  entry.writeUInt16LE(0x21, 24); // written on 1980-01-01, the format's first day
  entry.writeUInt16LE(cluster, 26);
  entry.writeUInt32LE(size, 28);
  return entry;
}

/** A name of eight and three characters, and the entries that go before its own where that is not all of it. */
interface Names {
  readonly short: string;
  readonly long: readonly Buffer[];
}

function namesOf(name: string): Names {
  const match = /^([A-Z0-9_-]{1,8})(?:\.([A-Z0-9_-]{1,3}))?$/i.exec(name);
  if (match) return { short: padded(match[1], match[2]), long: [] };
  const [, base = '', extension = ''] = /^([A-Z0-9_-]+)(?:\.([A-Z0-9_-]+))?$/i.exec(name) ?? [];
  if (base === '' || name.length > 255) {
    throw new QuintupleoError(`"${name}" is not a name of ASCII letters and digits`, {
      family: 'bug',
      code: 'FAT_NAME',
    });
  }
  const short = padded(`${base.slice(0, 6)}~1`, extension.slice(0, 3));
  return { short, long: longNameEntries(name, checksum(short)) };
}

function padded(base = '', extension = ''): string {
  return (base.padEnd(8) + extension.padEnd(3)).toUpperCase();
}

const longNamePart = 13;

/** Last part first, 13 characters an entry. */
function longNameEntries(name: string, sum: number): Buffer[] {
  const count = Math.ceil(name.length / longNamePart);
  return Array.from({ length: count }, (_, index) => {
    const number = count - index;
    const text = Buffer.alloc(longNamePart * 2, 0xff);
    // A zero ends it, unless it fills its last entry.
    const part = name.slice((number - 1) * longNamePart, number * longNamePart);
    text.write(part.length < longNamePart ? `${part}\0` : part, 'utf16le');
    const entry = Buffer.alloc(entrySize);
    entry.writeUInt8(number | (index === 0 ? 0x40 : 0), 0);
    text.copy(entry, 1, 0, 10);
    entry.writeUInt8(0x0f, 11);
    entry.writeUInt8(sum, 13);
    text.copy(entry, 14, 10, 22);
    text.copy(entry, 28, 22, 26);
    return entry;
  });
}

/** Of a short name, by which a long one is tied to it. */
function checksum(short: string): number {
  let sum = 0;
  for (const byte of Buffer.from(short, 'latin1')) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
  return sum;
}
