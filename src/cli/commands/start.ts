import { Command } from 'commander';
import { type Cli, type GlobalOptions, print } from '../cli.ts';
import { findLab } from '../find-node.ts';
import { labNamed } from '../lab-argument.ts';
import { withClient } from '../with-client.ts';

/** `quintupleo start`: powers on what was on when a lab was stopped. */
export function startCommand(cli: Cli): Command {
  return new Command('start')
    .summary('power on what was on when a lab was stopped')
    .description('Powers on those machines of a lab that were on when it was stopped.')
    .argument('[lab]', 'name of the lab, or its file; may be left away when there is only one')
    .addHelpText('after', '\nExample:\n  quintupleo start pair')
    .action(async (argument: string | undefined, _own: GlobalOptions, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const json = options.json === true;
      const named = argument === undefined ? options.lab : await labNamed(cli, argument, options.id);
      const { follow } = await import('../progress.ts');
      await withClient(cli, async client => {
        const { name, stopped } = findLab(await client.labs(), named);
        await follow(cli, client.startLab(name), json);
        if (!json) print(cli, stopped ? `Lab ${name} is started.` : `Lab ${name} was not stopped.`);
      });
    });
}
