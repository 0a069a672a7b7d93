import { Command } from 'commander';
import type { WatchMessage } from '../../daemon/api-watch.ts';
import { type Cli, type GlobalOptions, print, usageError } from '../cli.ts';
import { withClient } from '../with-client.ts';

/** `quintupleo watch`: the nodes of all labs, live. */
export function watchCommand(cli: Cli): Command {
  return new Command('watch')
    .summary('see live what all nodes do')
    .description(
      'Shows all nodes, how far their boots are and what happens, live. q or Ctrl-C ends it; j and k, the arrows and the page keys scroll.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo watch\n  quintupleo watch --lab pair\n  quintupleo watch --json | jq -c .',
    )
    .action(async (_own: GlobalOptions, command: Command) => {
      const { json, lab } = command.optsWithGlobals<GlobalOptions>();
      if (!json && !cli.out.isTTY) {
        throw usageError('this is no terminal', 'Use --json, or "events --follow".');
      }
      await withClient(cli, async client => {
        if (json) {
          for await (const message of client.watch()) print(cli, JSON.stringify(only(message, lab)));
          return;
        }
        const { watchLive } = await import('../watch-live.ts');
        await watchLive(cli, client, lab);
      });
    });
}

/** What of a message is of one lab. */
function only(message: WatchMessage, lab: string | undefined): WatchMessage {
  if (lab === undefined) return message;
  const isIn = (one: { readonly lab: string }) => one.lab === lab;
  switch (message.type) {
    case 'all':
    case 'nodes':
      return { ...message, nodes: message.nodes.filter(isIn) };
    case 'entries':
      return { ...message, entries: message.entries.filter(isIn) };
    case 'alive':
      return message;
  }
}
