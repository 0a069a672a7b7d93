import type { MediaImage, MediaSlot } from '../../../node/media.ts';

/** An image that a client wants in a slot. */
export interface MediaRequest {
  readonly slot: MediaSlot;
  /** http or https. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly verifyCertificate: boolean;
  readonly writeProtected: boolean;
}

/** Where a node's images come from. */
export interface MediaSource {
  /**
   * Fetches an image to this host.
   * @param progress - called with the share that is there, 0 to 1
   * @throws {@link MediaError}
   */
  fetch(request: MediaRequest, signal: AbortSignal, progress: (share: number) => void): Promise<MediaImage>;
  /** An image that no slot holds any more. */
  discard(image: MediaImage): Promise<void>;
}

/** Why an image could not be had. */
export type MediaErrorKind =
  /** The lab file does not allow that destination, or its scheme is not supported. */
  | 'refused'
  | 'not-found'
  | 'unauthorized'
  | 'too-large'
  /** No room for it on this host. */
  | 'no-space'
  /** Its certificate is not to be trusted. */
  | 'untrusted'
  | 'unreachable'
  /** It ended too early, or nothing more came of it. */
  | 'interrupted'
  /** What came is no image: nothing at all, or a web page. */
  | 'not-an-image';

/** An image could not be had. */
export class MediaError extends Error {
  readonly kind: MediaErrorKind;

  constructor(kind: MediaErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MediaError';
    this.kind = kind;
  }
}
