import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { QuintupleoError, systemCodeOf } from '../../support/errors.ts';
import { createLog } from '../../support/log.ts';
import { type Cli, type GlobalOptions, note, print, printJson, usageError } from '../cli.ts';
import { cloudSources } from '../cloud-sources.ts';

interface Options extends GlobalOptions {
  readonly cloud?: string;
  readonly region?: string;
  readonly tag?: string;
  readonly output?: string;
  readonly force?: boolean;
}

/** `quintupleo adopt`: a lab of instances that exist. */
export function adoptCommand(cli: Cli): Command {
  return new Command('adopt')
    .summary('give instances that exist a BMC')
    .description(
      'Writes a lab file whose nodes are instances that a cloud has already: "up" then gives each a BMC. They are not ' +
        'created anew, and never deleted or rebuilt.',
    )
    .argument('[servers...]', 'names or IDs of instances')
    .option('--tag <tag>', 'all instances that carry this tag')
    .option('--cloud <name>', 'cloud of clouds.yaml; default: as OS_CLOUD or the other OS_* variables say')
    .option('--region <name>', 'region of the cloud')
    .option('-o, --output <file>', 'lab file to write; - for standard output', 'adopted.yaml')
    .option('-f, --force', 'replace a file that exists')
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo adopt web-1 web-2 --cloud mycloud --lab web\n  quintupleo adopt --tag baremetal -o - | less',
    )
    .action(async (servers: string[], _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (servers.length === 0 && options.tag === undefined) {
        throw usageError('no instance is named', 'Give names or IDs of instances, or --tag.');
      }
      const { adopt } = await import('../../daemon/adoption.ts');
      const log = createLog('warn');
      const text = await adopt(
        cloudSources(cli, options),
        { servers, tag: options.tag },
        options.lab ?? 'adopted',
        cli.signal,
        log,
      );
      const file = options.output ?? 'adopted.yaml';
      if (file === '-') {
        cli.out.write(text);
        return;
      }
      await write(resolve(cli.cwd, file), file, text, options.force === true);
      if (options.json) printJson(cli, { file: resolve(cli.cwd, file) });
      else {
        print(cli, `Wrote ${file}.`);
        note(cli, `Look at it, then: ${cli.program} up ${file}`);
      }
    });
}

async function write(path: string, shown: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const exists = systemCodeOf(error) === 'EEXIST';
    throw new QuintupleoError(exists ? `${shown} exists` : `${shown} cannot be written`, {
      family: 'user',
      code: exists ? 'FILE_EXISTS' : 'FILE_NOT_WRITTEN',
      remedy: exists
        ? 'Choose another file with --output, or replace it with --force.'
        : 'Choose another file.',
      cause: error,
    });
  }
}
