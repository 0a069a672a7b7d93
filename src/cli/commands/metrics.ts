import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { withClient } from '../with-client.ts';

interface Options {
  readonly nodes?: boolean;
}

/** `quintupleo metrics`: prints what Prometheus would be told. */
export function metricsCommand(cli: Cli): Command {
  return new Command('metrics')
    .summary('print the daemon’s metrics, for Prometheus')
    .description(
      'Prints what the daemon has done in numbers, in Prometheus’ text format: for a look, or for the textfile collector of its node exporter.',
    )
    .option('--nodes', 'tell of each node, too')
    .addHelpText(
      'after',
      "\nExamples:\n  quintupleo metrics\n  quintupleo metrics --nodes | grep '^quintupleo_node_on'",
    )
    .action(async ({ nodes }: Options) => {
      cli.out.write(await withClient(cli, client => client.metrics(nodes === true)));
    });
}
