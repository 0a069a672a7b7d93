import { createInterface } from 'node:readline';
import { Command } from 'commander';
import type { LabDefinition, LabStatus, PlanAnswer } from '../../daemon/api.ts';
import { QuintupleoError } from '../../support/errors.ts';
import { type Cli, type GlobalOptions, note, print, printJson } from '../cli.ts';
import type { ControlClient } from '../client.ts';
import { labLines } from '../lab-table.ts';
import { styleFor } from '../style.ts';
import { withDaemon } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly plan?: boolean;
  readonly expires?: string;
  readonly prove?: boolean;
}

const shownChanges = 25;

/** `quintupleo up`: makes a lab as its file says. */
export function upCommand(cli: Cli): Command {
  return new Command('up')
    .summary('make a lab as its file says')
    .description(
      'Makes a lab as its file says: creates what is missing, changes what differs, deletes what is gone from the file. ' +
        'May be repeated; an interrupted run is finished by the next one.',
    )
    .argument('<file>', 'lab file')
    .option('-y, --yes', 'do not ask before disruptive changes')
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--plan', 'the same as --dry-run')
    .option('--expires <duration>', 'how long the lab is wanted, such as 4h; goes before what its file says')
    .option('--prove', 'prove its nodes when it is up, as "prove" does: overwrites their first disks')
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo up lab.yaml\n  quintupleo up lab.yaml --dry-run --json\n  quintupleo up lab.yaml --id 17 --expires 4h',
    )
    .action(async (file: string, _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { readLabFile } = await import('../../lab/lab-file.ts');
      const { withLease } = await import('../../lab/lease.ts');
      const read = readLabFile(file, cli.cwd, cli.env, options.id);
      const definition = options.expires === undefined ? read : withLease(read, options.expires);
      await withDaemon(cli, client => up(cli, client, file, definition, options));
    });
}

async function up(
  cli: Cli,
  client: ControlClient,
  file: string,
  definition: LabDefinition,
  options: Options,
): Promise<void> {
  const json = options.json === true;
  const planOnly = options.dryRun === true || options.plan === true;
  const plan = await client.plan(definition);
  if (json && planOnly) printJson(cli, plan);
  if (!json) await showPlan(cli, plan, definition.spec.name);
  if (planOnly) return;
  await confirm(cli, plan, options);

  const { follow } = await import('../progress.ts');
  const again = options.id === undefined ? '' : ` --id ${options.id}`;
  const interrupted = () => note(cli, `\nInterrupted. "${cli.program} up ${file}${again}" finishes it.`);
  cli.signal.addEventListener('abort', interrupted, { once: true });
  try {
    // Without changes too: what a BMC is told, such as its users, is no step of a plan.
    const lab = await follow(cli, client.apply(definition), json);
    if (lab?.exports) {
      const { exportsOf, writeExports } = await import('../export-files.ts');
      await writeExports(cli, await exportsOf(client, lab));
    }
    if (lab && options.prove) await proveLab(cli, client, lab, json);
    if (lab && !json)
      showLab(
        cli,
        options.prove ? await client.lab(lab.name) : lab,
        options.prove || plan.changes.length > 0,
      );
  } finally {
    cli.signal.removeEventListener('abort', interrupted);
  }
}

async function showPlan(cli: Cli, plan: PlanAnswer, lab: string): Promise<void> {
  const { changeLine, countChanges } = await import('../progress.ts');
  const style = styleFor(cli);
  for (const warning of plan.warnings) note(cli, `${styleFor(cli, cli.err).yellow('warning')}: ${warning}`);
  if (plan.changes.length === 0) {
    print(cli, `Nothing to change in lab ${lab}.`);
    return;
  }
  print(cli, `Lab ${style.bold(lab)}: ${countChanges(plan.changes)}`);
  // A person reads the first of many alike, and all that may hurt.
  const shown = plan.changes.filter((change, index) => change.disruptive || index < shownChanges);
  for (const change of shown) print(cli, changeLine(change, style));
  const more = plan.changes.length - shown.length;
  if (more > 0) print(cli, `  … and ${more} more`);
}

/** Lets the user decide on changes that interrupt or lose something. */
async function confirm(cli: Cli, plan: PlanAnswer, options: Options): Promise<void> {
  const disruptive = plan.changes.filter(change => change.disruptive);
  if (disruptive.length === 0 || options.yes) return;
  const what = disruptive.map(change => `${change.op} ${change.kind} ${change.name}`).join(', ');
  const details = { family: 'user', code: 'NOT_CONFIRMED' } as const;
  if (!cli.input.isTTY || !cli.err.isTTY || options.json) {
    throw new QuintupleoError(`disruptive changes need a confirmation: ${what}`, {
      ...details,
      remedy: 'Look at them with --dry-run, then run this with --yes.',
    });
  }
  cli.err.write('Some of this interrupts machines or loses data. Continue? [y/N] ');
  // Ctrl-C and the end of the input close it without a line.
  const keyboard = createInterface({ input: cli.input, signal: cli.signal });
  const answer = await new Promise<string | undefined>(resolve => {
    keyboard.once('line', resolve);
    keyboard.once('close', () => resolve(undefined));
  });
  keyboard.close();
  if (answer === undefined) note(cli, '');
  cli.signal.throwIfAborted();
  if (/^y(es)?$/i.test(answer?.trim() ?? '')) return;
  throw new QuintupleoError('nothing was changed', details);
}

async function proveLab(cli: Cli, client: ControlClient, lab: LabStatus, json: boolean): Promise<void> {
  const { proveNodes } = await import('../prove-nodes.ts');
  const names = lab.nodes.map(node => node.name);
  if (!json)
    note(cli, `Proving ${names.length === 1 ? names[0] : `${names.length} nodes`} by ipmitool alone`);
  await proveNodes(cli, client, lab, names, json);
}

/** @param hints - whether to say what can be done next */
function showLab(cli: Cli, lab: LabStatus, hints: boolean): void {
  print(cli, '');
  for (const line of labLines(cli, lab)) print(cli, line);
  const [node] = lab.nodes;
  if (!node || !hints) return;
  const name = `${lab.name}/${node.name}`;
  const [user] = node.bmc.users;
  print(cli, '\nTry next:');
  print(cli, `  ${cli.program} power ${name} ${node.power === 'on' ? 'reset' : 'on'}`);
  print(cli, `  ${cli.program} console ${name}`);
  if (user === undefined) return;
  const password = `IPMI_PASSWORD="$(${cli.program} credentials ${name} --password)"`;
  const endpoint = `-H ${node.bmc.address} -p ${node.bmc.port}`;
  print(cli, `  ${password} \\\n    ipmitool -I lanplus ${endpoint} -U ${quote(user)} -E chassis status`);
}

/** For a shell. */
function quote(word: string): string {
  return /^[\w.@%+=:,/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
