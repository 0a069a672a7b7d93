import { isDeepStrictEqual } from 'node:util';
import type { Command, Reply } from './command.ts';
import { accepted, keep, record, set, type Turn } from './turn.ts';

/** Puts an image into a slot, or ejects what is there. */
export function setMedia(turn: Turn, { slot, image, by }: Command & { type: 'set-media' }): Reply {
  if (!turn.capabilities.mediaSlots.includes(slot)) {
    return { accepted: false, refusal: 'unsupported', message: `this node takes no ${slot} media` };
  }
  const { media } = turn.state.durable;
  if (isDeepStrictEqual(media[slot], image)) return accepted;
  keep(turn, { media: { ...media, [slot]: image, revision: media.revision + 1 } });
  // What kept the machine from the media before need not keep it from these.
  set(turn, { mediaProblem: undefined, tellAt: undefined });
  if (image) record(turn, 'media-inserted', `${slot}: ${image.url} (${by})`);
  else record(turn, 'media-ejected', `${slot}: ejected (${by})`);
  return accepted;
}
