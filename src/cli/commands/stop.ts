import { Command } from 'commander';
import { type Cli, print } from '../cli.ts';
import { withClient } from '../with-client.ts';

/** `quintupleo stop`: ends the daemon. */
export function stopCommand(cli: Cli): Command {
  return new Command('stop')
    .summary('end the daemon')
    .description(
      'Ends the daemon. Labs stay as they are and machines run on, but their BMCs do not answer until it runs again.',
    )
    .action(async () => {
      await withClient(cli, client => client.stop());
      print(cli, `The daemon has been told to end. "${cli.program} serve" or "up" starts it again.`);
    });
}
