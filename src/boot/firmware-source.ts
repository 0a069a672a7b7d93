import type { BootImageKind } from '../node/firmware.ts';
import type { Clock } from '../support/clock.ts';
import { Turnstile } from '../support/wait.ts';
import type { FirmwareImage } from './firmware-image.ts';

/** For how long the packages of an image are taken for the newest. Milliseconds. */
const freshness = 60_000;

/** Makes or finds an image. */
export type FirmwareSource = (kind: BootImageKind, signal: AbortSignal) => Promise<FirmwareImage>;

/**
 * Serves many machines that want images at once: one image is made at a time, since apt locks its folders, and packages
 * are looked up once for all of them.
 */
export function sharedFirmware(make: FirmwareSource, clock: Clock): FirmwareSource {
  const turnstile = new Turnstile();
  const made = new Map<BootImageKind, { readonly image: FirmwareImage; readonly at: number }>();
  return (kind, signal) =>
    turnstile.run(async () => {
      signal.throwIfAborted();
      const known = made.get(kind);
      if (known && clock.now() - known.at < freshness) return known.image;
      const image = await make(kind, signal);
      made.set(kind, { image, at: clock.now() });
      return image;
    });
}
