import { Command } from 'commander';
import type { LabStatus, PlannedChange } from '../../daemon/api.ts';
import { type Cli, type GlobalOptions, print, printJson } from '../cli.ts';
import { findLab } from '../find-node.ts';
import { labNamed } from '../lab-argument.ts';
import { labLines } from '../lab-table.ts';
import { styleFor } from '../style.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly drift?: boolean;
  readonly daemon?: boolean;
}

/** `quintupleo status`: shows labs and their nodes. */
export function statusCommand(cli: Cli): Command {
  return new Command('status')
    .alias('ps')
    .summary('show labs and their nodes')
    .description(
      'Shows labs, their nodes, and where their BMCs listen. Power is what was last seen of the machine.',
    )
    .argument('[lab]', 'only this lab: its name, or its file')
    .option('--drift', 'look also what of a lab is no longer as its file said; "up" mends it')
    .option('--daemon', 'show the daemon: what it was asked, and how often it called a cloud for what reason')
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo status\n  quintupleo status pair --json\n  quintupleo status pair --drift\n  quintupleo status --daemon',
    )
    .action(async (argument: string | undefined, _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.daemon) return showDaemon(cli, options.json === true);
      const name = argument === undefined ? options.lab : await labNamed(cli, argument, options.id);
      const labs = await withClient(cli, async client => {
        const all = await client.labs();
        const chosen = name === undefined ? all : [findLab(all, name)];
        if (!options.drift) return chosen;
        return Promise.all(
          chosen.map(async lab => ({ ...lab, drift: (await client.drift(lab.name)).changes })),
        );
      });
      if (options.json) printJson(cli, labs);
      else await showLabs(cli, labs);
    });
}

async function showDaemon(cli: Cli, json: boolean): Promise<void> {
  const status = await withClient(cli, client => client.daemon());
  const { daemonLines } = await import('../daemon-table.ts');
  if (json) printJson(cli, status);
  else for (const line of daemonLines(cli, status, Date.now())) print(cli, line);
}

type Shown = LabStatus & { readonly drift?: readonly PlannedChange[] };

async function showLabs(cli: Cli, labs: readonly Shown[]): Promise<void> {
  if (labs.length === 0) print(cli, `No lab. Make one with "${cli.program} up LAB.yaml".`);
  for (const [index, lab] of labs.entries()) {
    if (index > 0) print(cli, '');
    for (const line of labLines(cli, lab)) print(cli, line);
    if (lab.drift) await showDrift(cli, lab, lab.drift);
  }
}

async function showDrift(cli: Cli, lab: LabStatus, drift: readonly PlannedChange[]): Promise<void> {
  const { changeLine, countChanges } = await import('../progress.ts');
  const mends = `"${cli.program} up ${lab.source}" mends it`;
  print(cli, '');
  print(cli, drift.length === 0 ? 'No drift.' : `Drift: ${countChanges(drift)}; ${mends}.`);
  for (const change of drift) print(cli, changeLine(change, styleFor(cli)));
}
