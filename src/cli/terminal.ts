import type { Duplex } from 'node:stream';
import type { Cli } from './cli.ts';

/** Ctrl-]. */
const detachKey = 0x1d;

/** Why a terminal and a console have parted. */
export type ConsoleEnd = 'detached' | 'closed';

/**
 * Joins the terminal with a console until one of them ends. A terminal is in raw mode meanwhile, so that Ctrl-C and
 * all other keys but the detach key go to the node; it is itself again afterwards, whatever happens.
 */
export async function joinTerminal(
  cli: Cli,
  stream: Duplex,
  { send }: { readonly send: boolean },
): Promise<ConsoleEnd> {
  const { input, out, signal } = cli;
  const raw = send && input.isTTY === true;
  const listening = new AbortController();
  try {
    return await new Promise<ConsoleEnd>((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener('abort', () => reject(signal.reason), { signal: listening.signal });
      stream.on('data', (bytes: Buffer) => out.write(bytes));
      stream.on('end', () => resolve('closed'));
      stream.on('close', () => resolve('closed'));
      stream.on('error', reject);
      if (!send) return;
      const onData = (data: Buffer | string) => {
        const bytes = Buffer.from(data);
        const end = raw ? bytes.indexOf(detachKey) : -1;
        stream.write(end < 0 ? bytes : bytes.subarray(0, end));
        if (end >= 0) resolve('detached');
      };
      input.on('data', onData);
      listening.signal.addEventListener('abort', () => input.off('data', onData));
      if (raw) input.setRawMode?.(true);
      input.resume();
    });
  } finally {
    listening.abort();
    if (raw) input.setRawMode?.(false);
    input.pause();
    // What was typed last is sent before the connection goes.
    stream.end(() => stream.destroy());
  }
}
