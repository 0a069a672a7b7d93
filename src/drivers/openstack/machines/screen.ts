import type { MachineScreen } from '../../../node/driver.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { ScreenConsole } from '../client/compute.ts';
import { driverErrorOf } from './failures.ts';
import type { ServerCalls } from './server-control.ts';

const consoles: readonly ScreenConsole[] = [
  { protocol: 'vnc', type: 'novnc' },
  { protocol: 'spice', type: 'spice-html5' },
];

/** The page of the cloud's own that shows a server's screen. @throws {@link DriverError} */
export async function screenOf(
  calls: Pick<ServerCalls, 'screenConsole'>,
  server: string | undefined,
  signal: AbortSignal,
): Promise<MachineScreen> {
  if (server === undefined) return { kind: 'none', why: 'It has no server in the cloud.' };
  for (const kind of consoles) {
    try {
      const { url } = await calls.screenConsole(server, kind, { reason: 'console', signal });
      // What a cloud says becomes a link in somebody's browser.
      if (/^https?:\/\//i.test(url)) return { kind: 'url', url };
    } catch (error) {
      if (!isOpenStackError(error) || error.passing) throw driverErrorOf(error);
      if (error.code === 'conflict') return { kind: 'none', why: 'The cloud shows it only while it is on.' };
    }
  }
  return { kind: 'none', why: 'The cloud has no console for screens.' };
}
