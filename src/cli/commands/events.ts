import { Command } from 'commander';
import { type Cli, type GlobalOptions, print, printJson } from '../cli.ts';
import { findNode } from '../find-node.ts';
import { styleFor } from '../style.ts';
import { table } from '../table.ts';
import { withClient } from '../with-client.ts';

/** `quintupleo events`: a node's event log. */
export function eventsCommand(cli: Cli): Command {
  return new Command('events')
    .summary("show a node's event log")
    .description("Shows a node's event log, oldest entry first: what its BMC shows as the System Event Log.")
    .argument('<node>', 'NODE or LAB/NODE')
    .addHelpText('after', '\nExample:\n  quintupleo events node-0')
    .action(async (name: string, _own: GlobalOptions, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const events = await withClient(cli, async client => {
        const node = findNode(await client.labs(), name, options.lab);
        return client.events(node.lab, node.name);
      });
      if (options.json) {
        printJson(cli, events);
        return;
      }
      const style = styleFor(cli);
      const colours = { ok: style.dim, warning: style.yellow, critical: style.red };
      const rows = events.map(({ at, severity, kind, message }) => [
        new Date(at)
          .toISOString()
          .replace('T', ' ')
          .replace(/\.\d+Z$/, 'Z'),
        colours[severity](severity),
        kind,
        message,
      ]);
      if (rows.length === 0) print(cli, 'The event log is empty.');
      for (const line of table(['TIME', 'SEVERITY', 'EVENT', 'MESSAGE'], rows)) print(cli, line);
    });
}
