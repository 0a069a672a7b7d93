import { Command } from 'commander';
import { awaitExit } from '../await-exit.ts';
import { type Cli, print } from '../cli.ts';
import { withClient } from '../with-client.ts';

/** `quintupleo quit`: ends the daemon. */
export function quitCommand(cli: Cli): Command {
  return new Command('quit')
    .summary('end the daemon')
    .description(
      'Ends the daemon. Labs stay as they are and machines run on, but their BMCs do not answer until it runs again. ' +
        'To power a lab off, use stop.',
    )
    .action(async () => {
      const ended = await withClient(cli, async client => {
        const { pid } = await client.daemon();
        await client.quit();
        return awaitExit(pid, cli.signal);
      });
      const what = ended ? 'The daemon has ended.' : 'The daemon was told to end, and has not yet.';
      print(cli, `${what} "${cli.program} serve" or "up" starts it again.`);
    });
}
