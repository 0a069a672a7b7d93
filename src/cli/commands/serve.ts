import { Command, Option } from 'commander';
import type { Cli, GlobalOptions } from '../cli.ts';

interface Options extends GlobalOptions {
  readonly idleExit?: boolean;
  readonly logLevel: string;
}

/** `quintupleo serve`: the daemon, in the foreground. */
export function serveCommand(cli: Cli): Command {
  return new Command('serve')
    .summary('run the daemon in the foreground')
    .description(
      'Runs the daemon in the foreground, until it is interrupted; it logs to standard error. "up" starts one in the background if none runs.',
    )
    .option('--idle-exit', 'end when there is no lab left')
    .addOption(
      new Option('--log-level <level>', 'least severity that is logged')
        .choices(['trace', 'debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action(async (own: Options) => {
      const { runDaemon } = await import('../../daemon/daemon.ts');
      await runDaemon({
        paths: cli.paths(),
        logLevel: own.logLevel,
        signal: cli.signal,
        idleExit: own.idleExit === true,
      });
    });
}
