import { Command } from 'commander';
import { QuintupleoError } from '../../support/errors.ts';
import { type Cli, type GlobalOptions, print, printJson } from '../cli.ts';
import type { ControlClient } from '../client.ts';
import { styleFor } from '../style.ts';
import { withClient } from '../with-client.ts';

/** `quintupleo doctor`: whether this host can run labs. */
export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .summary('see whether this host can run labs')
    .description(
      'Looks whether this host can run labs, or the lab of a file. Needs no daemon and changes nothing.',
    )
    .argument('[file]', 'lab file')
    .addHelpText('after', '\nExample:\n  quintupleo doctor lab.yaml')
    .action(async (file: string | undefined, _own: GlobalOptions, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { readLabFile } = await import('../../lab/lab-file.ts');
      const lab = file === undefined ? undefined : readLabFile(file, cli.cwd, cli.env, options.id);
      const { daemon, labsUp } = await withClient(cli, askDaemon);
      const { examine } = await import('../../daemon/doctor.ts');
      const style = styleFor(cli);
      const marks = { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('fail') };
      const findings = [];
      for await (const finding of examine({
        paths: cli.paths(),
        path: cli.env.PATH ?? '',
        lab,
        daemon,
        labsUp,
      })) {
        cli.signal.throwIfAborted();
        findings.push(finding);
        if (options.json) continue;
        print(cli, `${marks[finding.result]}  ${finding.check}: ${finding.message}`);
        if (finding.remedy !== undefined) print(cli, `      ${style.dim(finding.remedy)}`);
      }
      if (options.json)
        printJson(
          cli,
          findings.map(finding => ({ ...finding, remedy: finding.remedy ?? null })),
        );
      if (findings.some(finding => finding.result === 'fail')) cli.exit = 'failed';
    });
}

/** What there is to know of the daemon: one that runs and does not answer well is what the doctor is called for. */
async function askDaemon(client: ControlClient) {
  const { notRunning } = await import('../start-daemon.ts');
  try {
    const daemon = await client.daemon().catch(notRunning);
    const labs = daemon ? await client.labs() : [];
    return { daemon, labsUp: labs.map(lab => lab.name) };
  } catch (error) {
    if (error instanceof QuintupleoError) return { daemon: error, labsUp: [] };
    throw error;
  }
}
