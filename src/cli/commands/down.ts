import { Command } from 'commander';
import { awaitExit } from '../await-exit.ts';
import { type Cli, type GlobalOptions, note, print } from '../cli.ts';
import { findLab } from '../find-node.ts';
import { labNamed } from '../lab-argument.ts';
import { withDaemon } from '../with-client.ts';

/** `quintupleo down`: takes a lab away. */
export function downCommand(cli: Cli): Command {
  return new Command('down')
    .summary('take a lab away, with its disks')
    .description(
      'Takes a lab away: its machines, their disks, its networks, its BMCs and what they remember. ' +
        'May be repeated; an interrupted run is finished by the next one.',
    )
    .argument('[lab]', 'name of the lab, or its file; may be left away when there is only one')
    .addHelpText('after', '\nExamples:\n  quintupleo down pair\n  quintupleo down lab.yaml')
    .action(async (argument: string | undefined, _own: GlobalOptions, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const json = options.json === true;
      const named = argument === undefined ? options.lab : await labNamed(cli, argument, options.id);
      const { follow } = await import('../progress.ts');
      await withDaemon(cli, async client => {
        const labs = await client.labs();
        const name = named ?? findLab(labs, undefined).name;
        if (!labs.some(lab => lab.name === name)) {
          if (!json) print(cli, `There is no lab ${name}: nothing to do.`);
          return;
        }
        const daemon = await client.daemon();
        const interrupted = () => note(cli, `\nInterrupted. "${cli.program} down ${name}" finishes it.`);
        cli.signal.addEventListener('abort', interrupted, { once: true });
        try {
          await follow(cli, client.remove(name), json);
        } finally {
          cli.signal.removeEventListener('abort', interrupted);
        }
        if (daemon.endsWhenIdle && labs.length === 1) await awaitExit(daemon.pid, cli.signal);
        if (!json) print(cli, `Lab ${name} is gone.`);
      });
    });
}
