import type { MachineScreen } from '../../../node/driver.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { ScreenConsole } from '../client/compute.ts';
import { driverErrorOf } from './failures.ts';
import { powerOf, type ServerState } from './power-state.ts';
import type { ServerCalls } from './server-control.ts';

const consoles: readonly ScreenConsole[] = [
  { protocol: 'vnc', type: 'novnc' },
  { protocol: 'spice', type: 'spice-html5' },
];

const whileOn: MachineScreen = { kind: 'none', why: 'The cloud shows it only while it is on.' };

/**
 * The page of the cloud's own that shows a server's screen.
 * @param server - ID
 * @param seen - how it was last seen
 * @throws {@link DriverError}
 */
export async function screenOf(
  calls: Pick<ServerCalls, 'screenConsole'>,
  server: string | undefined,
  seen: ServerState | undefined,
  signal: AbortSignal,
): Promise<MachineScreen> {
  if (server === undefined) return { kind: 'none', why: 'It has no server in the cloud.' };
  // Nova's driver for libvirt gives a page for one that is off, too: it can connect to nothing.
  if (seen && powerOf(seen) === 'off') return whileOn;
  for (const kind of consoles) {
    try {
      const { url } = await calls.screenConsole(server, kind, { reason: 'console', signal });
      // What a cloud says becomes a link in somebody's browser.
      if (/^https?:\/\//i.test(url)) return { kind: 'url', url };
    } catch (error) {
      if (!isOpenStackError(error) || error.passing) throw driverErrorOf(error);
      if (error.code === 'conflict') return whileOn;
    }
  }
  return { kind: 'none', why: 'The cloud has no console for screens.' };
}
