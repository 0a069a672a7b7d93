import { Command } from 'commander';
import type { CloudsSources } from '../../daemon/cloud-access.ts';
import type { LabDefinition } from '../../lab/definition.ts';
import { QuintupleoError } from '../../support/errors.ts';
import type { Cli, GlobalOptions } from '../cli.ts';
import type { ControlClient } from '../client.ts';
import { cloudSources } from '../cloud-sources.ts';
import { printFinding, printFindingsJson } from '../findings.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly cloud?: string;
}

/** `quintupleo doctor`: whether this host can run labs. */
export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .summary('see whether this host can run labs')
    .description(
      'Looks whether this host or a cloud can run labs, or the lab of a file. Needs no daemon. ' +
        'What it must try out on a cloud it takes away again.',
    )
    .argument('[file]', 'lab file')
    .option('--cloud <name>', 'an OpenStack cloud of clouds.yaml, without a lab')
    .addHelpText('after', '\nExamples:\n  quintupleo doctor lab.yaml\n  quintupleo doctor --cloud mycloud')
    .action(async (file: string | undefined, _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { readLabFile } = await import('../../lab/lab-file.ts');
      const lab = file === undefined ? undefined : readLabFile(file, cli.cwd, cli.env, options.id);
      const { daemon, labsUp } = await withClient(cli, askDaemon);
      const { examine } = await import('../../daemon/doctor.ts');
      const findings = [];
      for await (const finding of examine({
        paths: cli.paths(),
        path: cli.env.PATH ?? '',
        lab,
        cloud: cloudOf(lab, options, cli),
        daemon,
        labsUp,
        signal: cli.signal,
      })) {
        cli.signal.throwIfAborted();
        findings.push(finding);
        if (options.json) continue;
        printFinding(cli, finding);
      }
      if (options.json) printFindingsJson(cli, findings);
      if (findings.some(finding => finding.result === 'fail')) cli.exit = 'failed';
    });
}

/** Where to look for the cloud that is meant; `undefined` for labs on this host. */
function cloudOf(lab: LabDefinition | undefined, options: Options, cli: Cli): CloudsSources | undefined {
  const chosen = lab?.driver.name === 'openstack' ? lab.driver : undefined;
  if (!chosen && options.cloud === undefined) return undefined;
  return cloudSources(cli, { cloud: options.cloud ?? chosen?.cloud, region: chosen?.region });
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
