import { MediaError } from '../bmc/redfish/media/media-source.ts';
import type { UpdateSource } from '../bmc/redfish/update/update-source.ts';
import type { Clock } from '../support/clock.ts';
import type { Destinations } from '../support/destinations.ts';
import { openMedia } from './media-download.ts';

/** Where images of firmware are fetched from: like those of virtual media, and kept nowhere. */
export function updateSource(destinations: Destinations, clock: Clock): UpdateSource {
  return {
    async *open(request, signal) {
      await using image = await openMedia(
        { ...request, validators: undefined },
        { destinations, clock, signal },
      );
      if (!image.content) throw new MediaError('not-an-image', `${image.url}: nothing came`);
      yield* image.content;
    },
  };
}
