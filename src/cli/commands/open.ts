import { spawn } from 'node:child_process';
import { Command } from 'commander';
import { type Cli, type GlobalOptions, print, printJson } from '../cli.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly browser: boolean;
}

/** `quintupleo open`: the dashboard. */
export function openCommand(cli: Cli): Command {
  return new Command('open')
    .summary('open the dashboard in a browser')
    .description(
      'Opens the dashboard, which shows all labs live: its URL is printed, and opened in a browser where there is a display. The URL lets whoever opens it in as administrator, once and within a minute.',
    )
    .option('--no-browser', 'only print the URL')
    .addHelpText(
      'after',
      '\nOn another machine: the daemon listens on 127.0.0.1, so bring its port here first,\n  ssh -L 8625:127.0.0.1:8625 HOST quintupleo open --no-browser\nor let it listen elsewhere, by TLS: quintupleo serve --web ADDRESS:PORT.',
    )
    .action(async (_own: Options, command: Command) => {
      const { json, browser } = command.optsWithGlobals<Options>();
      const access = await withClient(cli, client => client.openWeb());
      if (json) return printJson(cli, access);
      print(cli, access.url);
      if (browser && hasDisplay(cli)) openBrowser(cli, access.url);
    });
}

function hasDisplay({ env }: Cli): boolean {
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Where there is none, the URL has been printed all the same. */
function openBrowser({ env }: Cli, url: string): void {
  const browser = spawn('xdg-open', [url], { env, stdio: 'ignore', detached: true });
  browser.on('error', () => undefined);
  browser.unref();
}
