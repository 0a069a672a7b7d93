import { Command, Option } from 'commander';
import { type RecordingFormat, recordingFormats } from '../../console/recording.ts';
import type { NodeStatus } from '../../daemon/api.ts';
import { type Cli, type GlobalOptions, note, usageError } from '../cli.ts';
import type { ControlClient } from '../client.ts';
import { findNode } from '../find-node.ts';
import type { ConsoleOwner } from '../record-consoles.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly log?: boolean;
  readonly follow?: boolean;
  readonly all?: boolean;
  readonly output?: string;
  readonly format: RecordingFormat;
}

/** `quintupleo console`: a node's serial console. */
export function consoleCommand(cli: Cli): Command {
  return new Command('console')
    .summary("use a node's serial console")
    .description(
      "Connects the terminal with a node's serial console. Ctrl-] detaches. With --output, records consoles to files instead, until Ctrl-C.",
    )
    .argument('[node]', 'NODE or LAB/NODE; not with --all')
    .option('--log', 'print what the node has sent since it was powered on')
    .option('-f, --follow', 'the same, and then what it sends, without sending anything')
    .option(
      '--all',
      'record the consoles of all nodes, also of those that come later; with --lab, of that lab',
    )
    .option('-o, --output <folder>', 'folder to record to: a file LAB/NODE for each')
    .addOption(
      new Option('--format <format>', 'lines of text with the time of each, or what asciinema plays')
        .choices(recordingFormats)
        .default('text'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo console node-0\n  quintupleo console node-0 --log | less -R\n  quintupleo console --all -o consoles --format asciicast',
    )
    .action(async (name: string | undefined, _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.json) throw usageError('a console has no JSON form', 'Leave --json away.');
      if (options.all || options.output !== undefined) return record(cli, name, options);
      if (name === undefined) throw usageError('no node is named', 'Name one, or record --all.');
      await withClient(cli, async client => {
        const node = findNode(await client.labs(), name, options.lab);
        if (options.log && !options.follow) {
          cli.out.write(await client.consoleHistory(node.lab, node.name));
          return;
        }
        // The daemon sends what it has kept before it sends what comes.
        const stream = await client.attach(node.lab, node.name);
        const { joinTerminal } = await import('../terminal.ts');
        if (!options.follow && cli.input.isTTY) note(cli, banner(node));
        const end = await joinTerminal(cli, stream, { send: !options.follow });
        if (end === 'detached') note(cli, '\r\nDetached.');
        if (end === 'closed') note(cli, 'The console has ended.');
      });
    });
}

async function record(cli: Cli, name: string | undefined, options: Options): Promise<void> {
  const { lab, all, output: folder, format } = options;
  if (folder === undefined) throw usageError('no folder to record to', 'Name one: --output FOLDER.');
  if (all ? name !== undefined : name === undefined) {
    throw usageError('it is not clear what to record', 'Name a node, or record --all.');
  }
  const { recordConsoles } = await import('../record-consoles.ts');
  await withClient(cli, async client => {
    const owners =
      name === undefined ? everyNode(client, lab) : one(findNode(await client.labs(), name, lab));
    note(cli, `Recording to ${folder}. Ctrl-C ends it.`);
    const count = await recordConsoles(cli, client, owners, { folder, format });
    note(cli, `Recorded ${count} ${count === 1 ? 'console' : 'consoles'} to ${folder}.`);
  });
}

async function* one(owner: ConsoleOwner): AsyncGenerator<readonly ConsoleOwner[]> {
  yield [owner];
}

/** All nodes, and again all of them whenever labs come or go. */
async function* everyNode(
  client: ControlClient,
  lab: string | undefined,
): AsyncGenerator<readonly ConsoleOwner[]> {
  for await (const message of client.watch()) {
    if (message.type === 'all') yield message.nodes.filter(node => lab === undefined || node.lab === lab);
  }
}

function banner({ lab, name, power }: NodeStatus): string {
  const hint = power === 'off' ? ` It is off; "power ${lab}/${name} on" in another terminal wakes it.` : '';
  return `Console of ${lab}/${name}. Ctrl-] detaches.${hint}`;
}
