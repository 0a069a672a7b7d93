import { Command } from 'commander';
import type { NodeStatus } from '../../daemon/api.ts';
import { type Cli, type GlobalOptions, note, usageError } from '../cli.ts';
import { findNode } from '../find-node.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly log?: boolean;
  readonly follow?: boolean;
}

/** `quintupleo console`: a node's serial console. */
export function consoleCommand(cli: Cli): Command {
  return new Command('console')
    .summary("use a node's serial console")
    .description("Connects the terminal with a node's serial console. Ctrl-] detaches.")
    .argument('<node>', 'NODE or LAB/NODE')
    .option('--log', 'print what the node has sent since it was powered on')
    .option('-f, --follow', 'the same, and then what it sends, without sending anything')
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo console node-0\n  quintupleo console node-0 --log | less -R',
    )
    .action(async (name: string, _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.json) throw usageError('a console has no JSON form', 'Leave --json away.');
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

function banner({ lab, name, power }: NodeStatus): string {
  const hint = power === 'off' ? ` It is off; "power ${lab}/${name} on" in another terminal wakes it.` : '';
  return `Console of ${lab}/${name}. Ctrl-] detaches.${hint}`;
}
