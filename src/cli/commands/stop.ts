import { Command } from 'commander';
import { type Cli, type GlobalOptions, note, print, usageError } from '../cli.ts';
import { findLab } from '../find-node.ts';
import { labNamed } from '../lab-argument.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly hard?: boolean;
  readonly timeout: string;
}

/** `quintupleo stop`: powers a lab off. */
export function stopCommand(cli: Cli): Command {
  return new Command('stop')
    .summary('power a whole lab off')
    .description(
      'Powers all nodes of a lab off, and its other machines. Guests are asked to shut down; those that do not in time are ' +
        'powered off hard. What was on is remembered for start, also when this is interrupted. The lab stays; "quit" ' +
        'ends the daemon.',
    )
    .argument('[lab]', 'name of the lab, or its file; may be left away when there is only one')
    .option('--hard', 'do not ask guests')
    .option('--timeout <seconds>', 'how long guests are given', '120')
    .addHelpText('after', '\nExamples:\n  quintupleo stop pair\n  quintupleo stop pair --hard')
    .action(async (argument: string | undefined, _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const timeout = Number(options.timeout);
      if (!(timeout > 0 && timeout <= 600)) {
        throw usageError(`--timeout ${options.timeout} is out of range`, 'Use 1 to 600 seconds.');
      }
      const json = options.json === true;
      const named = argument === undefined ? options.lab : await labNamed(cli, argument, options.id);
      const { follow } = await import('../progress.ts');
      await withClient(cli, async client => {
        const { name } = findLab(await client.labs(), named);
        const lab = await follow(cli, client.stopLab(name, options.hard ? 0 : timeout * 1000), json);
        if (json) return;
        print(cli, `Lab ${name} is stopped.`);
        const again = lab?.stopped ?? [];
        const what = again.length > 0 ? again.join(', ') : 'nothing, since all was off';
        note(cli, `"${cli.program} start ${name}" powers on ${what}.`);
      });
    });
}
