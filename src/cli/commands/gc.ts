import { Command } from 'commander';
import type { CloudLab } from '../../daemon/cloud-labs.ts';
import { QuintupleoError } from '../../support/errors.ts';
import { createLog } from '../../support/log.ts';
import { type Cli, type GlobalOptions, note, print, printJson } from '../cli.ts';
import { cloudSources } from '../cloud-sources.ts';
import { table } from '../table.ts';

interface Options extends GlobalOptions {
  readonly cloud?: string;
  readonly region?: string;
  readonly owner?: string;
  readonly dryRun?: boolean;
}

/** `quintupleo gc`: labs of a cloud whose lease has ended. */
export function gcCommand(cli: Cli): Command {
  return new Command('gc')
    .summary('take leaked labs away from a cloud')
    .description(
      'Takes labs away from a project of a cloud whose lease (`expires`) has ended, whoever made them; with --lab that ' +
        'one lab, whatever its lease. Needs no daemon, and nothing of the machine that made them.',
    )
    .option('--cloud <name>', 'cloud of clouds.yaml; default: as OS_CLOUD or the other OS_* variables say')
    .option('--region <name>', 'region of the cloud')
    .option('--owner <id>', 'only labs of this owner, where several made labs of one name')
    .option('-n, --dry-run', 'show what there is and what would be taken away, and do nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo gc --cloud ci --dry-run\n  quintupleo gc --cloud ci --lab job-4711',
    )
    .action(async (_own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { openCloud } = await import('../../daemon/cloud-access.ts');
      const { findCloudLabs } = await import('../../daemon/cloud-labs.ts');
      const log = createLog('warn');
      await using openstack = await openCloud(cloudSources(cli, options), log);
      const labs = await findCloudLabs(openstack, cli.signal);
      const chosen = choose(labs, options, Date.now());
      if (options.json) printJson(cli, { labs, removed: options.dryRun ? [] : chosen });
      else show(cli, labs, chosen);
      if (options.dryRun) return;
      const { removeCloudLab } = await import('../../daemon/cloud-labs.ts');
      for (const lab of chosen) {
        await removeCloudLab(
          openstack,
          lab,
          ({ kind, name }) => {
            if (!options.json) note(cli, `${lab.name}: deleted ${kind} ${name}`);
          },
          cli.signal,
          log,
        );
      }
    });
}

/** Labs to take away. */
function choose(labs: readonly CloudLab[], { lab, owner }: Options, now: number): CloudLab[] {
  const theirs = labs.filter(one => owner === undefined || one.owner === owner);
  if (lab === undefined) return theirs.filter(({ expires }) => expires !== undefined && expires <= now);
  const found = theirs.filter(({ name }) => name === lab);
  if (found.length === 0) {
    throw new QuintupleoError(`the project has no lab ${lab}`, {
      family: 'user',
      code: 'LAB_NOT_FOUND',
      remedy: `It has ${labs.map(({ name }) => name).join(', ') || 'none'}.`,
    });
  }
  if (found.length > 1) {
    throw new QuintupleoError(`the project has ${found.length} labs ${lab}, of different owners`, {
      family: 'user',
      code: 'LAB_AMBIGUOUS',
      remedy: `Say whose with --owner: ${found.map(one => one.owner).join(', ')}.`,
    });
  }
  return found;
}

function show(cli: Cli, labs: readonly CloudLab[], chosen: readonly CloudLab[]): void {
  if (labs.length === 0) {
    print(cli, 'The project has no lab.');
    return;
  }
  const rows = labs.map(lab => [
    lab.name,
    lab.owner,
    lab.created ?? '-',
    lab.expires === undefined ? 'never' : new Date(lab.expires).toISOString(),
    Object.entries(lab.things)
      .map(([type, count]) => `${count} ${type}`)
      .join(', '),
    chosen.includes(lab) ? 'to be taken away' : '',
  ]);
  for (const line of table(['LAB', 'OWNER', 'CREATED', 'EXPIRES', 'HAS', ''], rows)) print(cli, line);
}
