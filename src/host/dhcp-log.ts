import { posix } from 'node:path';
import { followLines } from './follow-lines.ts';

/** What the dnsmasq of a network notes of a machine's network card. */
export type DhcpNote =
  /** It was given an address, for the first time or again. */
  | { readonly type: 'leased'; readonly mac: string; readonly address: string }
  /** It has fetched a file by TFTP. */
  | { readonly type: 'sent'; readonly mac: string; readonly file: string };

const leased = /\bDHCPACK\(\S+\) (\d+(?:\.\d+){3}) ((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\b/i;
const sent = /\bsent (\/.+) to (\d+(?:\.\d+){3})$/;

/** Reads off the lines of a dnsmasq's log what becomes of network cards. */
export class DhcpNotes {
  /** Whose an address is. TFTP is asked for by address, soon after DHCP has given it. */
  readonly #macs = new Map<string, string>();

  /** @returns `undefined` for a line that tells nothing of the kind, or of nobody who is known */
  take(line: string): DhcpNote | undefined {
    const [, address, mac] = leased.exec(line) ?? [];
    if (address !== undefined && mac !== undefined) {
      this.#macs.set(address, mac.toLowerCase());
      return { type: 'leased', mac: mac.toLowerCase(), address };
    }
    const [, path, to] = sent.exec(line) ?? [];
    const asker = to === undefined ? undefined : this.#macs.get(to);
    if (path === undefined || asker === undefined) return undefined;
    return { type: 'sent', mac: asker, file: posix.basename(path) };
  }
}

/**
 * Tells what a network's dnsmasq notes from now on.
 * @returns stops it
 * @throws when there is no such log
 */
export function followDhcpLog(
  log: string,
  tell: (note: DhcpNote) => void,
  fail: (error: unknown) => void,
): Promise<() => void> {
  const notes = new DhcpNotes();
  const take = (line: string) => {
    const note = notes.take(line);
    if (note) tell(note);
  };
  return followLines(log, take, fail);
}
