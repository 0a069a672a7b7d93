import type { BootOverride, BootTarget } from '../../node/boot.ts';
import type { Firmware } from '../../node/spec.ts';

/** Boot flags: the boot source override as IPMI's boot option parameter 5. @see IPMI 2.0 table 28-14 */

/** Bytes of the parameter. */
export const bootFlagsLength = 5;

const valid = 0x80;
const persistent = 0x40;
const efi = 0x20;

/** Device selectors: the first of a target's is the one that it is shown as. */
const targetOf: readonly (readonly [selector: number, target: BootTarget])[] = [
  [0x0, 'default'],
  [0x1, 'pxe'],
  [0x2, 'disk'],
  [0x3, 'disk-safe-mode'],
  [0x4, 'diagnostic'],
  [0x5, 'cdrom'],
  [0x6, 'bios-setup'],
  [0xf, 'removable'],
  [0x7, 'removable'], // remotely connected, as are the next ones
  [0x8, 'cdrom'],
  [0x9, 'removable'],
  [0xb, 'disk'],
];

/** The override that a client asks for with these five bytes; `undefined` for a reserved device selector. */
export function readBootFlags(
  bytes: Buffer,
): Pick<BootOverride, 'enabled' | 'target' | 'detail'> | undefined {
  const flags = bytes.readUInt8(0);
  const selector = (bytes.readUInt8(1) >> 2) & 0x0f;
  const target = targetOf.find(([known]) => known === selector)?.[1];
  if (target === undefined) return undefined;
  const enabled = (flags & valid) === 0 ? 'disabled' : (flags & persistent) === 0 ? 'once' : 'continuous';
  // A machine's firmware is not for clients to change, and most of them send the EFI bit without meaning it.
  return { enabled, target, detail: [...bytes] };
}

/**
 * An override as five bytes: those that an IPMI client wrote, or what another face's override means here. The
 * valid bit is clear when it no longer applies.
 * @param firmware - that the node boots with
 */
export function writeBootFlags(override: BootOverride, firmware: Firmware): Buffer {
  const applies = override.enabled !== 'disabled';
  if (override.detail?.length === bootFlagsLength) {
    const bytes = Buffer.from(override.detail);
    bytes[0] = applies ? bytes.readUInt8(0) | valid : bytes.readUInt8(0) & ~valid;
    return bytes;
  }
  const bytes = Buffer.alloc(bootFlagsLength);
  if (!applies) return bytes;
  const selector = targetOf.find(([, target]) => target === override.target)?.[0] ?? 0;
  bytes[0] = valid | (override.enabled === 'continuous' ? persistent : 0) | (firmware === 'uefi' ? efi : 0);
  bytes[1] = selector << 2;
  return bytes;
}
