import type { Cli } from './cli.ts';
import type { ControlClient } from './client.ts';

/** Runs `work` with a client of the daemon, which must be running. */
export async function withClient<T>(cli: Cli, work: (client: ControlClient) => Promise<T>): Promise<T> {
  const { ControlClient } = await import('./client.ts');
  await using client = new ControlClient(cli.paths().controlSocket, cli.signal);
  return await work(client);
}

/** Runs `work` with a client of the daemon, which is started if it is not running. */
export async function withDaemon<T>(cli: Cli, work: (client: ControlClient) => Promise<T>): Promise<T> {
  const { connectOrStart } = await import('./start-daemon.ts');
  await using client = await connectOrStart(cli);
  return await work(client);
}
