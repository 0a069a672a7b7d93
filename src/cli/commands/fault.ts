import { Command } from 'commander';
import type { FaultRequest, FaultStatus } from '../../daemon/api-faults.ts';
import { type Cli, type GlobalOptions, note, print, printJson, usageError } from '../cli.ts';
import type { ControlClient } from '../client.ts';
import { feltText } from '../felt-text.ts';
import { findLab, findNode } from '../find-node.ts';
import { seedOf } from '../seed.ts';
import { styleFor } from '../style.ts';
import { table } from '../table.ts';
import { withClient } from '../with-client.ts';

interface InjectOptions extends GlobalOptions {
  readonly for?: string;
  readonly seed?: string;
}

/** `quintupleo fault`: what is made wrong on purpose. */
export function faultCommand(cli: Cli): Command {
  const fault = new Command('fault')
    .summary('make things wrong with nodes on purpose')
    .description(
      'Makes things wrong with nodes, their BMCs and their cloud on purpose, and well again. Nothing is wrong unless it is asked for; all is well again when the daemon ends.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo fault kinds\n  quintupleo fault inject node-0 bmc-slow delay=2s --for 5min\n  quintupleo fault inject all power-stuck at=on --lab pair\n  quintupleo fault list\n  quintupleo fault lift f1',
    );
  fault
    .command('kinds')
    .summary('show what can be made wrong')
    .description('Shows all kinds of faults with their settings.')
    .action(async (_own: GlobalOptions, command: Command) => {
      await showKinds(cli, command.optsWithGlobals<GlobalOptions>());
    });
  fault
    .command('list')
    .summary('show what is injected now')
    .description('Shows the faults that are injected now, into one lab or into all labs.')
    .action(async (_own: GlobalOptions, command: Command) => {
      const { json, lab } = command.optsWithGlobals<GlobalOptions>();
      const found = await withClient(cli, client => faultsOf(client, lab));
      if (json) printJson(cli, found);
      else showFaults(cli, found);
    });
  fault
    .command('inject')
    .summary('make something wrong')
    .description('Makes something wrong with a node, or with all nodes of a lab, from now on.')
    .argument('<node>', 'NODE, LAB/NODE, or all')
    .argument('<kind>', 'what: see "fault kinds"')
    .argument('[settings...]', 'its settings: delay=2s')
    .option('--for <duration>', 'how long; until it is lifted, if left away: 30s, 5min')
    .option('--seed <number>', 'what chance depends on: by the same seed, the same happens again')
    .action(async (name: string, kind: string, words: readonly string[], _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<InjectOptions>();
      const request = await requestOf(kind, words, options);
      const injected = await withClient(cli, async client => {
        const labs = await client.labs();
        if (name === 'all') return client.inject(findLab(labs, options.lab).name, request);
        const node = findNode(labs, name, options.lab);
        return client.inject(node.lab, { ...request, nodes: [node.name] });
      });
      if (options.json) printJson(cli, injected);
      else showFaults(cli, injected);
    });
  fault
    .command('lift')
    .summary('make it well again')
    .description('Lifts one fault, or all of a lab, or all there are.')
    .argument('<id>', 'ID of a fault, or all')
    .action(async (id: string, _own: GlobalOptions, command: Command) => {
      await lift(cli, id, command.optsWithGlobals<GlobalOptions>());
    });
  return fault;
}

async function showKinds(cli: Cli, { json }: GlobalOptions): Promise<void> {
  const { faultKinds } = await import('../../faults/fault.ts');
  if (json) {
    printJson(cli, faultKinds);
    return;
  }
  const rows = faultKinds.map(({ kind, settings, description }) => [
    kind,
    settings.map(({ name, optional }) => (optional ? `[${name}]` : name)).join(' '),
    description,
  ]);
  for (const line of table(['KIND', 'SETTINGS', 'WHAT IS WRONG'], rows)) print(cli, line);
}

/** Of one lab, or of all labs. */
async function faultsOf(client: ControlClient, lab: string | undefined): Promise<FaultStatus[]> {
  const labs = await client.labs();
  const wanted = lab === undefined ? labs : [findLab(labs, lab)];
  return (await Promise.all(wanted.map(({ name }) => client.faults(name)))).flat();
}

async function lift(cli: Cli, id: string, { json, lab }: GlobalOptions): Promise<void> {
  const lifted = await withClient(cli, async client => {
    const faults = await faultsOf(client, lab);
    const wanted = id === 'all' ? faults : faults.filter(fault => fault.id === id);
    if (wanted.length === 0 && id !== 'all') {
      throw usageError(
        `there is no fault ${id}`,
        `There are: ${faults.map(one => one.id).join(', ') || 'none'}.`,
      );
    }
    for (const fault of wanted) await client.lift(fault.lab, fault.id);
    return wanted;
  });
  if (json) printJson(cli, lifted);
  else if (lifted.length === 0) note(cli, 'Nothing is injected.');
  else for (const { id: one, text, felt } of lifted) print(cli, `${one}: ${text}: lifted, ${feltText(felt)}`);
}

async function requestOf(
  kind: string,
  words: readonly string[],
  options: InjectOptions,
): Promise<Omit<FaultRequest, 'nodes'> & { readonly nodes: undefined }> {
  const { parseFault } = await import('../../faults/fault.ts');
  const { parseDuration } = await import('../../support/quantity.ts');
  const fault = { kind, ...settingsOf(words) };
  // Told here rather than by the daemon, so that it is told without one, too.
  parseFault(fault);
  const duration = options.for === undefined ? undefined : parseDuration(options.for);
  if (options.for !== undefined && !duration) {
    throw usageError(`"${options.for}" is no duration`, 'Write a number and its unit: 200ms, 60s, 5min.');
  }
  return { nodes: undefined, fault, duration, seed: seedOf(options.seed) };
}

/** `delay=2s`, `rate=0.1`, `actions=on,off`: text, numbers and lists. */
function settingsOf(words: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    words.map(word => {
      const [, name = '', text = ''] = /^([a-zA-Z]+)=(.*)$/.exec(word) ?? [];
      if (name === '' || text === '')
        throw usageError(`"${word}" is no setting`, 'Write NAME=VALUE: delay=2s.');
      if (name === 'actions') return [name, text.split(',')];
      return [name, /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text];
    }),
  );
}

function showFaults(cli: Cli, faults: readonly FaultStatus[]): void {
  if (faults.length === 0) {
    print(cli, 'Nothing is wrong on purpose.');
    return;
  }
  const style = styleFor(cli);
  const rows = faults.map(({ id, lab, nodes, text, until, felt, problems, notes }) => [
    id,
    lab,
    nodes.length > 4 ? `${nodes.length} nodes` : nodes.join(', '),
    text,
    until === undefined ? '' : new Date(until).toISOString().slice(11, 19),
    String(felt),
    [
      ...Object.entries(problems).map(([node, why]) => style.red(`not with ${node}: ${why}`)),
      ...Object.entries(notes).map(([node, when]) => `${node}: ${when}`),
    ].join('; '),
  ]);
  for (const line of table(['ID', 'LAB', 'NODES', 'FAULT', 'UNTIL', 'FELT', 'NOTE'], rows)) print(cli, line);
}
