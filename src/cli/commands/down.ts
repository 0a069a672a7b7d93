import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import type { LabStatus } from '../../daemon/api.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../../support/errors.ts';
import { awaitExit } from '../await-exit.ts';
import { type Cli, type GlobalOptions, note, print } from '../cli.ts';
import type { ControlClient } from '../client.ts';
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
      const nameAmong = (labs: readonly LabStatus[]) => named ?? findLab(labs, undefined).name;
      const nothingToDo = (name: string) => {
        if (!json) print(cli, `There is no lab ${name}: nothing to do.`);
      };
      // A daemon that was started to find nothing would outlive the command.
      if (!(await areLabsKept(cli))) return nothingToDo(nameAmong([]));
      const { follow } = await import('../progress.ts');
      await withDaemon(cli, async client => {
        const labs = await client.labs();
        const name = nameAmong(labs);
        const lab = labs.find(one => one.name === name);
        if (!lab) return nothingToDo(name);
        const { exportsOf, removeExports } = await import('../export-files.ts');
        // They are known by what they say, which is forgotten with the lab.
        const exports = await exportsOf(client, lab).catch((error: unknown) => {
          note(cli, `warning: the files that were written for tools stay: ${messageOf(error)}`);
          return [];
        });
        const daemon = await client.daemon();
        const interrupted = () => note(cli, `\nInterrupted. "${cli.program} down ${name}" finishes it.`);
        cli.signal.addEventListener('abort', interrupted, { once: true });
        try {
          await follow(cli, client.remove(name), json);
          await removeExports(cli, exports);
        } finally {
          cli.signal.removeEventListener('abort', interrupted);
        }
        const ends = daemon.endsWhenIdle && (await wasLast(client));
        if (ends && !(await awaitExit(daemon.pid, cli.signal))) {
          note(cli, `warning: the daemon, process ${daemon.pid}, has no lab left and has not ended yet.`);
        }
        if (!json) print(cli, `Lab ${name} is gone.`);
      });
    });
}

/** Whether the state directory knows of any lab. */
async function areLabsKept(cli: Cli): Promise<boolean> {
  try {
    return (await readdir(join(cli.paths().stateDirectory, 'labs'))).length > 0;
  } catch (error) {
    return systemCodeOf(error) !== 'ENOENT';
  }
}

/** Whether the daemon has no lab left. One that does not answer any more is ending for that reason. */
async function wasLast(client: ControlClient): Promise<boolean> {
  try {
    return (await client.labs()).length === 0;
  } catch (error) {
    return error instanceof QuintupleoError && error.code === 'DAEMON_UNREACHABLE';
  }
}
