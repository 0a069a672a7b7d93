import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { hiddenPassword } from '../../enrol/enrolment.ts';
import type { ImportedLab } from '../../lab/imported.ts';
import type { OvbImport } from '../../lab/ovb/import.ts';
import { QuintupleoError, systemCodeOf } from '../../support/errors.ts';
import { type Cli, type GlobalOptions, note, print, printJson } from '../cli.ts';
import {
  type GivenImport,
  type ImportFormat,
  importers,
  importFormats,
  readInput,
} from '../import-sources.ts';
import { styleFor } from '../style.ts';

interface Options extends Omit<GivenImport, 'id'>, GlobalOptions {
  readonly output?: string;
  readonly showSecrets?: boolean;
}

const examples = `
Examples:
  quintupleo import ovb env.yaml all-networks.yaml --role compute.yaml -o lab.yaml
  quintupleo import vbmc ~/.vbmc --domains /etc/libvirt/qemu -o lab.yaml
  quintupleo import sushy-tools emulator.conf --system node-0 --system node-1 -o lab.yaml`;

/** `quintupleo import`: makes a lab file of what another tool reads. */
export function importCommand(cli: Cli): Command {
  return new Command('import')
    .summary('make a lab file of what another tool reads')
    .description(
      "Makes a lab file of OVB's environment files, merged as ovb-deploy does it, of VirtualBMC's BMCs, or of " +
        "sushy-emulator's configuration, and names what has no place in it. Changes nothing else.",
    )
    .addArgument(new Argument('<format>', 'whose files they are').choices(importFormats))
    .argument(
      '[files...]',
      'ovb: environment files, in the order in which ovb-deploy takes them; else env.yaml. vbmc: the folder of its BMCs; ' +
        'else ~/.vbmc. sushy-tools: the configuration file; else SUSHY_EMULATOR_CONFIG',
    )
    .option('--role <file>', 'ovb: environment file of a further role; may be repeated', collect)
    .option(
      '--system <name>',
      'sushy-tools: a system that it shows and its file does not name; may be repeated',
      collect,
    )
    .option(
      '--domains <folder>',
      "vbmc, sushy-tools: libvirt's XML of the machines, for their sizes and MAC addresses",
    )
    .option('--name <name>', 'name of the lab', 'quintupleo')
    .option('-o, --output <file>', 'lab file to write, which must not exist; else it is printed')
    .option('--show-secrets', 'print passwords')
    .addHelpText('after', examples)
    .action(async (format: ImportFormat, files: readonly string[], _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options & { readonly id?: string }>();
      const read = (secrets: boolean) => importers[format](cli, files, options, secrets);
      const shown = await read(options.showSecrets === true);
      const { text } = options.output === undefined ? shown : await read(true);
      if (options.output !== undefined) writeOutput(cli, options.output, text);
      if (options.json) {
        const { mapped, notMapped } = shown;
        printJson(cli, { output: options.output ?? null, lab: shown.text, mapped, notMapped });
        return;
      }
      if (options.output === undefined) cli.out.write(text);
      else print(cli, `Wrote ${options.output}.`);
      showNotMapped(cli, shown);
      if (options.output === undefined && text.includes(hiddenPassword)) {
        note(
          cli,
          `Passwords are shown as ${hiddenPassword}. -o FILE writes them, --show-secrets shows them.`,
        );
      }
      await showProblems(cli, text, options.output ?? 'the lab file');
    });
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function showNotMapped(cli: Cli, { notMapped }: ImportedLab | OvbImport): void {
  const style = styleFor(cli, cli.err);
  for (const lost of notMapped) {
    note(cli, `${style.yellow('not mapped')}: ${lost.parameter}${whose(lost)}: ${lost.why}`);
  }
}

function whose(lost: (ImportedLab | OvbImport)['notMapped'][number]): string {
  if ('environment' in lost) return lost.environment === 'base' ? '' : ` of role ${lost.environment}`;
  return lost.machine === undefined ? '' : ` of ${lost.machine}`;
}

/** What was imported can still be what no lab can be, such as networks that overlap. */
async function showProblems(cli: Cli, text: string, name: string): Promise<void> {
  const { parseLabFile } = await import('../../lab/lab-file.ts');
  const result = parseLabFile(text, resolve(cli.cwd, 'lab.yaml'), {
    env: cli.env,
    readFile: file => readInput(cli, file, 'Mend its path in the lab file.'),
  });
  if (result.ok) return;
  for (const problem of result.problems) {
    note(cli, `mend by hand: ${name}:${problem.line}:${problem.column}: ${problem.text}`);
  }
}

function writeOutput(cli: Cli, file: string, text: string): void {
  try {
    // It may have passwords in it.
    writeFileSync(resolve(cli.cwd, file), text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const exists = systemCodeOf(error) === 'EEXIST';
    throw new QuintupleoError(exists ? `${file} exists` : `${file} cannot be written`, {
      family: 'user',
      code: 'FILE_NOT_WRITTEN',
      remedy: exists ? 'Choose another file, or remove that one.' : 'Choose another path.',
      cause: error,
    });
  }
}
