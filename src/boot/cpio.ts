/** One entry of an archive. `mode` holds the permission bits; the type follows from `kind`. */
export type CpioEntry =
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string };

/**
 * An archive in cpio's "newc" format, which Linux unpacks as its initial root file system. Equal entries give
 * equal bytes: all belong to root and date from 1970.
 * @param entries - in the order in which they are unpacked: a folder before what is in it
 * @see Linux Documentation/driver-api/early-userspace/buffer-format.rst
 */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => record(entry, index + 1));
  return Buffer.concat([
    ...parts,
    ...record({ kind: 'file', path: 'TRAILER!!!', mode: 0, content: none }, 0),
  ]);
}

const none = new Uint8Array();
const fileTypes = { folder: 0o040000, file: 0o100000, symlink: 0o120000 };

function record(entry: CpioEntry, inode: number): Buffer[] {
  const path = Buffer.from(`${entry.path}\0`);
  const content =
    entry.kind === 'file' ? entry.content : entry.kind === 'symlink' ? Buffer.from(entry.target) : none;
  const permissions = entry.kind === 'symlink' ? 0o777 : entry.mode;
  const fields = [
    inode,
    // The trailer has neither type nor permissions.
    inode === 0 ? 0 : fileTypes[entry.kind] | permissions,
    0, // owner
    0, // group
    entry.kind === 'folder' ? 2 : 1, // links
    0, // time of modification
    content.length,
    0, // major and minor number of the device that holds it
    0,
    0, // major and minor number of the device that it is
    0,
    path.length,
    0, // checksum, unused in this format
  ];
  const header = `070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header), path])), padded(content)];
}

/** Name and content each end on a multiple of four bytes. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
