import { type FirmwareImage, firmwareImage } from '../boot/firmware-image.ts';
import type { Firmware } from '../node/spec.ts';

/** Makes firmware images, or finds those made earlier, in this order. */
export async function buildFirmwareImages(
  kinds: readonly Firmware[],
  cache: string,
  signal: AbortSignal,
): Promise<readonly (FirmwareImage & { readonly firmware: Firmware })[]> {
  const images = [];
  for (const firmware of kinds) {
    images.push({ firmware, ...(await firmwareImage(firmware, { cache, signal })) });
  }
  return images;
}
