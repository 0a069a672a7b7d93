import { Argument, Command } from 'commander';
import { type Cli, print } from '../cli.ts';
import { withClient } from '../with-client.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

/** `quintupleo completion`: scripts that make a shell complete commands, options and names. */
export function completionCommand(cli: Cli): Command {
  return new Command('completion')
    .summary('print a completion script for a shell')
    .description(
      'Prints a script that makes a shell complete commands, options, and the names of labs and nodes.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(quintupleo completion bash)\n  quintupleo completion fish > ~/.config/fish/completions/quintupleo.fish',
    )
    .action(async (shell: (typeof shells)[number], _own: object, command: Command) => {
      const { completionScript } = await import('../completion.ts');
      print(cli, completionScript(shell, command.parent?.commands ?? []));
    });
}

/** A hidden command for completion scripts: the names of labs and nodes, a name a line; nothing if there is no daemon. */
export function namesCommand(cli: Cli): Command {
  return new Command('complete-names').action(async () => {
    const labs = await withClient(cli, client => client.labs()).catch(() => []);
    for (const lab of labs) {
      print(cli, lab.name);
      for (const node of lab.nodes) print(cli, `${lab.name}/${node.name}`);
    }
  });
}
