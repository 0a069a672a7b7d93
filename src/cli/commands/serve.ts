import { isIP } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { DaemonOptions } from '../../daemon/daemon.ts';
import type { WebPlace } from '../../daemon/web/dashboard.ts';
import { QuintupleoError } from '../../support/errors.ts';
import type { Cli, GlobalOptions } from '../cli.ts';

interface Options extends GlobalOptions {
  readonly idleExit?: boolean;
  readonly logLevel: string;
  readonly remote?: number;
  readonly manager?: string;
  readonly owner?: string;
  readonly web?: WebPlace;
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
      new Option(
        '--web <address:port>',
        'serve the dashboard there from the beginning: by TLS, unless it is a loopback address',
      ).argParser(parsePlace),
    )
    .addOption(
      new Option(
        '--remote <port>',
        'serve labs for another daemon, which commands this one by TLS at this TCP port',
      ).argParser(parsePort),
    )
    .option('--manager <fingerprint>', "SHA-256 fingerprint of that daemon's certificate")
    .option('--owner <id>', "ID of that daemon's state directory")
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
        web: own.web,
        remote: remoteOf(own),
      });
    });
}

function parsePlace(text: string): WebPlace {
  const [, address = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(text) ?? [];
  if (isIP(address) !== 0) return { address, port: parsePort(port) };
  throw new InvalidArgumentError('Write an IP address and a TCP port, such as 192.0.2.1:8625 or [::]:8625.');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('Write a TCP port from 1 to 65535.');
}

function remoteOf({ remote, manager, owner }: Options): DaemonOptions['remote'] {
  if (remote === undefined && manager === undefined) return undefined;
  if (remote !== undefined && /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/.test(manager ?? '')) {
    return { port: remote, manager: manager ?? '', owner };
  }
  throw new QuintupleoError('--remote needs --manager, and that a SHA-256 fingerprint', {
    family: 'user',
    code: 'BAD_USAGE',
    remedy: 'Write it as 32 upper-case hexadecimal pairs with colons.',
  });
}
