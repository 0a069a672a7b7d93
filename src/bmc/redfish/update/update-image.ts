import { message, withReason } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import { type FirmwareKind, firmwareKinds } from './update-inventory.ts';

/** Most bytes of an image. */
export const longestImage = 512 * 2 ** 20;

/** How much of an image may be its manifest. */
const longestManifest = 4096;

/** Longer names are no file's. */
const longestName = 255;

/** What an image says of itself. */
export interface UpdateImage {
  /** For people: its name. */
  readonly name: string;
  /** What it is for; `undefined` when it does not say. */
  readonly kind: FirmwareKind | undefined;
  readonly version: string;
}

/**
 * Reads an image to its end. What it says of itself is its first line, a JSON object
 * `{"component": "BMC", "version": "1.2.3"}`; without one, its name is `COMPONENT-VERSION.EXTENSION`.
 * @param name - its file's name
 * @param progress - called with the bytes that have been read
 * @throws RedfishProblem 400 when it says no version, 413 when it is too long; what `content` throws
 */
export async function readImage(
  name: string,
  content: AsyncIterable<Uint8Array>,
  progress: (bytes: number) => void = () => undefined,
): Promise<UpdateImage> {
  const head: Uint8Array[] = [];
  let kept = 0;
  let size = 0;
  for await (const part of content) {
    size += part.length;
    if (size > longestImage) throw new RedfishProblem(413, message('Base.PayloadTooLarge'));
    if (kept < longestManifest) {
      head.push(part.subarray(0, longestManifest - kept));
      kept += head.at(-1)?.length ?? 0;
    }
    progress(size);
  }
  const said = manifestOf(Buffer.concat(head)) ?? named(name.slice(0, longestName));
  if (size > 0 && said) return { name, ...said };
  const told = message('Update.VerificationFailed', [name, 'the update service']);
  throw new RedfishProblem(400, withReason(told, size === 0 ? 'It is empty.' : 'It says no version.'));
}

/** The file's name that a URL ends with. */
export function nameOfUrl(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  return path.split('/').at(-1)?.slice(0, longestName) || 'image';
}

function manifestOf(head: Buffer): Omit<UpdateImage, 'name'> | undefined {
  const [line = ''] = head.toString('utf8').split('\n', 1);
  if (!line.startsWith('{')) return undefined;
  try {
    const { component, version } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (typeof version !== 'string' || !isVersion(version)) return undefined;
    return { version, kind: firmwareKinds.find(kind => kind === component) };
  } catch {
    return undefined;
  }
}

function named(name: string): Omit<UpdateImage, 'name'> | undefined {
  const stem = name.replace(/(\.[A-Za-z][A-Za-z0-9]{0,4}){1,2}$/, '');
  const [, component = '', version = ''] = /^(.*?)[-_]v?(\d[\w.+-]*)$/i.exec(stem) ?? [];
  if (!isVersion(version)) return undefined;
  return {
    version,
    kind: firmwareKinds.find(kind => new RegExp(`(^|[-_])${kind}($|[-_])`, 'i').test(component)),
  };
}

function isVersion(text: string): boolean {
  return /^[\w][\w.+-]{0,63}$/.test(text);
}
