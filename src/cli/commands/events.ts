import { Command } from 'commander';
import type { TimelineEntry } from '../../daemon/api-watch.ts';
import { type Cli, type GlobalOptions, print, printJson, usageError } from '../cli.ts';
import type { ControlClient } from '../client.ts';
import { findNode } from '../find-node.ts';
import { styleFor } from '../style.ts';
import { table } from '../table.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly follow?: boolean;
  readonly timeline?: boolean;
}

/** `quintupleo events`: a node's event log, or what happens with nodes as it happens. */
export function eventsCommand(cli: Cli): Command {
  return new Command('events')
    .summary("show a node's event log, or follow what happens")
    .description("Shows a node's event log, oldest entry first: what its BMC shows as the System Event Log.")
    .argument('[node]', 'NODE or LAB/NODE; may be left away with --follow')
    .option('-f, --follow', 'show what is added to the event logs of all nodes, or of that one, until Ctrl-C')
    .option(
      '--timeline',
      'show all that happened lately: what clients asked, what was made of it, calls of drivers and clouds, what was seen',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo events node-0\n  quintupleo events node-0 --timeline\n  quintupleo events --follow --json | jq .text',
    )
    .action(async (name: string | undefined, _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      await withClient(cli, async client => {
        if (name === undefined) {
          if (options.follow) return follow(cli, client, undefined, options);
          throw usageError('no node is named', 'Name one, or --follow all.');
        }
        const { lab, name: node } = findNode(await client.labs(), name, options.lab);
        if (options.follow) return follow(cli, client, { lab, node }, options);
        if (options.timeline) return showTimeline(cli, await client.timeline(lab, node), options);
        return showLog(cli, await client.events(lab, node), options);
      });
    });
}

type Events = Awaited<ReturnType<ControlClient['events']>>;

function showLog(cli: Cli, events: Events, { json }: Options): void {
  if (json) {
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
}

async function showTimeline(cli: Cli, entries: readonly TimelineEntry[], { json }: Options): Promise<void> {
  const { timelineLine } = await import('../timeline-lines.ts');
  if (json) return printJson(cli, entries);
  if (entries.length === 0) print(cli, 'Nothing has happened since the daemon was started.');
  for (const entry of entries) print(cli, timelineLine(entry, styleFor(cli)));
}

/** A value a line for programs, since it has no end. */
async function follow(
  cli: Cli,
  client: ControlClient,
  only: { readonly lab: string; readonly node: string } | undefined,
  { json, lab, timeline }: Options,
): Promise<void> {
  const { timelineLine } = await import('../timeline-lines.ts');
  const style = styleFor(cli);
  const isWanted = (entry: TimelineEntry) =>
    (timeline || entry.kind === 'event') &&
    (lab === undefined || entry.lab === lab) &&
    (only === undefined || (entry.lab === only.lab && entry.node === only.node));
  for await (const message of client.watch()) {
    if (message.type !== 'entries') continue;
    for (const entry of message.entries.filter(isWanted)) {
      print(cli, json ? JSON.stringify(entry) : timelineLine(entry, style));
    }
  }
}
