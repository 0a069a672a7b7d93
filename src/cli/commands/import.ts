import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Argument, Command } from 'commander';
import type { OvbImport } from '../../lab/ovb/import.ts';
import { QuintupleoError, systemCodeOf } from '../../support/errors.ts';
import { type Cli, type GlobalOptions, note, print, printJson } from '../cli.ts';
import { styleFor } from '../style.ts';

interface Options extends GlobalOptions {
  readonly role?: readonly string[];
  readonly name: string;
  readonly output?: string;
}

/** `quintupleo import`: makes a lab file of what another tool reads. */
export function importCommand(cli: Cli): Command {
  return new Command('import')
    .summary('make a lab file of what another tool reads')
    .description(
      "Makes a lab file of OVB's environment files, merged as ovb-deploy does it, and names what has no place in it. " +
        'Changes nothing else.',
    )
    .addArgument(new Argument('<format>', 'whose files they are').choices(['ovb']))
    .argument('[files...]', 'environment files, in the order in which ovb-deploy takes them; else env.yaml')
    .option('--role <file>', 'environment file of a further role; may be repeated', collect)
    .option('--name <name>', 'name of the lab, as of the stack', 'quintupleo')
    .option('-o, --output <file>', 'lab file to write, which must not exist; else it is printed')
    .addHelpText(
      'after',
      '\nExample:\n  quintupleo import ovb env.yaml all-networks.yaml --role compute.yaml -o lab.yaml',
    )
    .action(async (_format: 'ovb', given: readonly string[], _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const files = given.length > 0 ? given : ['env.yaml'];
      const roles = options.role ?? [];
      const { readEnvironment } = await import('../../lab/ovb/environment.ts');
      const { importOvb } = await import('../../lab/ovb/import.ts');
      const read = (file: string) => readEnvironment(readInput(cli, file), file);
      const imported = importOvb({
        environments: files.map(read),
        roles: roles.map(read),
        name: options.name,
        id: options.id,
        files: [...files, ...roles],
      });
      if (options.output !== undefined) writeOutput(cli, options.output, imported.text);
      if (options.json) {
        printJson(cli, { output: options.output ?? null, lab: imported.text, ...tables(imported) });
        return;
      }
      if (options.output === undefined) cli.out.write(imported.text);
      else print(cli, `Wrote ${options.output}.`);
      showNotMapped(cli, imported);
      await showProblems(cli, imported.text, options.output ?? 'the lab file');
    });
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function tables({ mapped, notMapped }: OvbImport) {
  return { mapped, notMapped };
}

function showNotMapped(cli: Cli, { notMapped }: OvbImport): void {
  const style = styleFor(cli, cli.err);
  for (const { environment, parameter, why } of notMapped) {
    const where = environment === 'base' ? '' : ` of role ${environment}`;
    note(cli, `${style.yellow('not mapped')}: ${parameter}${where}: ${why}`);
  }
}

/** What an environment says can still be what no lab can be, such as networks that overlap. */
async function showProblems(cli: Cli, text: string, name: string): Promise<void> {
  const { parseLabFile } = await import('../../lab/lab-file.ts');
  const result = parseLabFile(text, resolve(cli.cwd, 'lab.yaml'), {
    env: cli.env,
    readFile: file => readInput(cli, file),
  });
  if (result.ok) return;
  for (const problem of result.problems) {
    note(cli, `mend by hand: ${name}:${problem.line}:${problem.column}: ${problem.text}`);
  }
}

function readInput(cli: Cli, file: string): string {
  try {
    return readFileSync(resolve(cli.cwd, file), 'utf8');
  } catch (error) {
    const missing = systemCodeOf(error) === 'ENOENT';
    throw new QuintupleoError(missing ? `${file}: no such file` : `${file} cannot be read`, {
      family: 'user',
      code: 'FILE_UNREADABLE',
      remedy: 'Give the paths of the environment files that ovb-deploy was given.',
      cause: error,
    });
  }
}

function writeOutput(cli: Cli, file: string, text: string): void {
  try {
    writeFileSync(resolve(cli.cwd, file), text, { flag: 'wx' });
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
