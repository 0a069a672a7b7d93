import { Command } from 'commander';
import { type Cli, type GlobalOptions, print, printJson } from '../cli.ts';
import { findLab } from '../find-node.ts';
import { labNamed } from '../lab-argument.ts';
import { labLines } from '../lab-table.ts';
import { withClient } from '../with-client.ts';

/** `quintupleo status`: shows labs and their nodes. */
export function statusCommand(cli: Cli): Command {
  return new Command('status')
    .alias('ps')
    .summary('show labs and their nodes')
    .description(
      'Shows labs, their nodes, and where their BMCs listen. Power is what was last seen of the machine.',
    )
    .argument('[lab]', 'only this lab: its name, or its file')
    .addHelpText('after', '\nExamples:\n  quintupleo status\n  quintupleo status pair --json')
    .action(async (argument: string | undefined, _own: GlobalOptions, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const name = argument === undefined ? options.lab : await labNamed(cli, argument, options.id);
      const all = await withClient(cli, client => client.labs());
      const labs = name === undefined ? all : [findLab(all, name)];
      if (options.json) {
        printJson(cli, labs);
        return;
      }
      if (labs.length === 0) print(cli, `No lab. Make one with "${cli.program} up LAB.yaml".`);
      for (const [index, lab] of labs.entries()) {
        if (index > 0) print(cli, '');
        for (const line of labLines(cli, lab)) print(cli, line);
      }
    });
}
