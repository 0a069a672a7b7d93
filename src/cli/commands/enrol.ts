import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { QuintupleoError } from '../../support/errors.ts';
import { type Cli, type GlobalOptions, note, print, printJson, usageError } from '../cli.ts';
import { type GivenExport, readExportOptions, withExportOptions } from '../export-options.ts';
import { findLab } from '../find-node.ts';
import { styleFor } from '../style.ts';
import { table } from '../table.ts';
import { withClient } from '../with-client.ts';

interface Options extends GivenExport, GlobalOptions {
  readonly url?: string;
  readonly manage?: boolean;
  readonly provide?: boolean;
  readonly timeout: string;
}

/** `quintupleo enrol`: makes a provisioning tool know a lab's nodes, by its API. */
export function enrolCommand(cli: Cli): Command {
  const command = new Command('enrol')
    .alias('enroll')
    .summary("make Ironic know a lab's nodes, by its API")
    .description(
      "Creates a lab's nodes and ports in Ironic, and brings them as far as wanted. May be repeated: what Ironic knows of a " +
        "node's BMC is made right, and nothing is deleted. OS_ENDPOINT, OS_AUTH_TYPE (none, http_basic), OS_USERNAME, " +
        'OS_PASSWORD, OS_TOKEN and OS_CACERT say how Ironic is reached.',
    )
    .addArgument(new Argument('<tool>', 'whom to tell').choices(['ironic']))
    .argument('[lab]', 'name of the lab; may be left away when there is only one')
    .option('--url <url>', "Ironic's endpoint; OS_ENDPOINT")
    .option('--manage', 'bring nodes to manageable: Ironic has reached their BMCs')
    .option('--provide', 'bring nodes to available, which cleans them if Ironic is set up so')
    .option('--timeout <duration>', 'how long a node may take for each of these', '30min');
  return withExportOptions(command)
    .addHelpText(
      'after',
      '\nExample:\n  quintupleo enrol ironic pair --url http://127.0.0.1:6385 --driver redfish --provide',
    )
    .action(async (_tool: 'ironic', name: string | undefined, _own: Options, command: Command) => {
      await enrol(cli, name, command.optsWithGlobals<Options>());
    });
}

async function enrol(cli: Cli, name: string | undefined, options: Options): Promise<void> {
  const { parseDuration } = await import('../../support/quantity.ts');
  const { ironicAccess } = await import('../../enrol/ironic-access.ts');
  const { IronicClient } = await import('../../enrol/ironic-client.ts');
  const { enrolInIronic } = await import('../../enrol/ironic-enrolment.ts');
  const { systemClock } = await import('../../support/clock.ts');
  const { enrolmentOf, selectNodes } = await import('../enrolment.ts');
  const how = readExportOptions(options);
  const timeout = parseDuration(options.timeout);
  if (timeout === undefined) throw usageError('--timeout is not a duration', 'Write 90s or 30min.');
  const access = ironicAccess(cli.env, options.url, path => readText(cli, path));
  const enrolment = await withClient(cli, async client => {
    const lab = findLab(await client.labs(), name ?? options.lab);
    return selectNodes(enrolmentOf(lab, await client.credentials(lab.name)), {
      names: options.node,
      roles: options.role,
    });
  });
  await using client = new IronicClient(access, cli.signal);
  const state = options.provide ? 'available' : options.manage ? 'manageable' : 'enroll';
  const around = { client, clock: systemClock, signal: cli.signal };
  const outcomes = await enrolInIronic(enrolment, how, { state, timeout }, around);

  if (options.json) printJson(cli, outcomes);
  const done = outcomes.flatMap(one => (one.ok ? [one] : []));
  const failed = outcomes.flatMap(one => (one.ok ? [] : [one]));
  if (!options.json) {
    const rows = done.map(one => [one.node, one.created ? 'new' : 'known', String(one.ports), one.state]);
    for (const line of table(['NODE', 'IRONIC', 'NEW PORTS', 'STATE'], rows)) print(cli, line);
    const style = styleFor(cli, cli.err);
    for (const { node, message } of failed) note(cli, `${style.red('failed')}: ${node}: ${message}`);
  }
  if (failed.length === 0) return;
  throw new QuintupleoError(`${failed.length} of ${outcomes.length} nodes could not be enrolled`, {
    family: 'platform',
    code: 'NOT_ENROLLED',
    remedy: 'Run this again when what is said above has been mended; nodes that are done stay as they are.',
  });
}

function readText(cli: Cli, path: string): string {
  try {
    return readFileSync(resolve(cli.cwd, path), 'utf8');
  } catch (error) {
    throw new QuintupleoError(`${path} cannot be read`, {
      family: 'user',
      code: 'FILE_UNREADABLE',
      remedy: 'OS_CACERT names a file with the certificate of an authority.',
      cause: error,
    });
  }
}
