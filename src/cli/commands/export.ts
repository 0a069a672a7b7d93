import { resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { formatSummaries } from '../../enrol/summaries.ts';
import { type ExportFormat, exportFormats } from '../../lab/exports.ts';
import { type Cli, note, print, printJson, usageError } from '../cli.ts';
import { type GivenExport, readExportOptions, withExportOptions } from '../export-options.ts';
import { findLab } from '../find-node.ts';
import { withClient } from '../with-client.ts';

interface Options extends GivenExport {
  readonly output?: string;
  readonly showSecrets?: boolean;
}

/** `quintupleo export`: a lab as the file that a provisioning tool reads. */
export function exportCommand(cli: Cli): Command {
  const command = new Command('export')
    .summary('write a lab as the file that a provisioning tool reads')
    .description(
      'Writes a lab as the file by which a provisioning tool adopts its nodes. A terminal shows passwords hidden; a file ' +
        'holds them, and only its owner may read it.',
    )
    .addArgument(new Argument('<format>', 'what the tool reads').choices(exportFormats))
    .argument('[lab]', 'name of the lab; may be left away when there is only one')
    .option('-o, --output <file>', 'file to write, or to replace')
    .option('--show-secrets', 'print passwords');
  return withExportOptions(command)
    .option('--namespace <name>', 'namespace of Kubernetes resources')
    .addHelpText('after', epilogue)
    .action(async (format: ExportFormat, name: string | undefined, _own: Options, command: Command) => {
      await exportLab(cli, format, name, command.optsWithGlobals<Options>());
    });
}

const epilogue = `
Formats:
${exportFormats.map(format => `  ${format.padEnd(16)} ${formatSummaries[format]}`).join('\n')}

Examples:
  quintupleo export ironic pair -o nodes.yaml
  quintupleo export metal3 pair --driver redfish --virtual-media --show-secrets | kubectl apply -f -`;

async function exportLab(
  cli: Cli,
  name: ExportFormat,
  labName: string | undefined,
  options: Options,
): Promise<void> {
  const { formats } = await import('../../enrol/formats.ts');
  const { hiddenPassword, withoutPasswords } = await import('../../enrol/enrolment.ts');
  const { enrolmentOf, selectNodes } = await import('../enrolment.ts');
  const { showWarnings, writeExport } = await import('../export-files.ts');
  const how = readExportOptions(options);
  const format = formats[name];
  const { output } = options;
  if (output !== undefined && format.ending !== undefined && !output.endsWith(format.ending)) {
    throw usageError(
      `the name of a file for ${name} must end in ${format.ending}`,
      'The tool takes no other.',
    );
  }
  const toTerminal = cli.out.isTTY === true && !options.json;
  const open = format.open === true || options.showSecrets === true;
  if (output === undefined && !open && !toTerminal) {
    throw usageError('this would print passwords', 'Say --show-secrets if you mean it, or -o FILE.');
  }
  const enrolment = await withClient(cli, async client => {
    const lab = findLab(await client.labs(), labName ?? options.lab);
    return selectNodes(enrolmentOf(lab, await client.credentials(lab.name)), {
      names: options.node,
      roles: options.role,
    });
  });
  const hidden = output === undefined && !open;
  const text = format.write(hidden ? withoutPasswords(enrolment) : enrolment, how);
  const warnings = format.warnings?.(enrolment, how) ?? [];
  if (output !== undefined) await writeExport(resolve(cli.cwd, output), text);
  if (options.json) {
    const nodes = enrolment.nodes.map(node => node.name);
    printJson(cli, {
      ...{ format: name, lab: enrolment.lab, nodes, warnings },
      ...{ output: output ?? null, text: output === undefined ? text : null },
    });
    return;
  }
  if (output !== undefined) print(cli, `Wrote ${output}.`);
  else cli.out.write(text);
  if (hidden)
    note(cli, `Passwords are shown as ${hiddenPassword}. -o FILE writes them, --show-secrets shows them.`);
  showWarnings(cli, warnings);
}
