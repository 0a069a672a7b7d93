import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { type Cli, type GlobalOptions, print, printJson } from '../cli.ts';

interface ImageOptions extends GlobalOptions {
  readonly firmware: 'bios' | 'uefi' | 'all';
  readonly output?: string;
}

/** `quintupleo image`: the discs from which nodes of a cloud ask what to boot. */
export function imageCommand(cli: Cli): Command {
  return new Command('image')
    .summary('make the firmware images of nodes on a cloud')
    .description(
      "Makes the discs from which nodes on a cloud ask at every boot what to boot, from Debian's packages. " +
        'Needs no daemon and no root; "up" does the same by itself.',
    )
    .addArgument(new Argument('<action>', 'build makes them, or finds those made earlier').choices(['build']))
    .addOption(
      new Option('--firmware <kind>', 'firmware that starts the disc')
        .choices(['bios', 'uefi', 'all'])
        .default('all'),
    )
    .option('--output <folder>', 'folder to copy them to; they stay in the cache too')
    .addHelpText('after', '\nExample:\n  quintupleo image build --firmware bios --output .')
    .action(async (_action: string, own: ImageOptions, command: Command) => {
      const { json } = command.optsWithGlobals<GlobalOptions>();
      const { buildFirmwareImages } = await import('../../daemon/firmware-images.ts');
      const kinds = own.firmware === 'all' ? (['bios', 'uefi'] as const) : ([own.firmware] as const);
      const images = await buildFirmwareImages(kinds, cli.paths().cacheDirectory, cli.signal);
      const output = own.output === undefined ? undefined : resolve(cli.cwd, own.output);
      if (output) await mkdir(output, { recursive: true });
      const built = [];
      for (const image of images) {
        const path = output ? join(output, basename(image.path)) : image.path;
        if (output) await copyFile(image.path, path);
        built.push({ ...image, path });
        if (!json) print(cli, `${image.firmware}  ${path}  sha256 ${image.sha256}`);
      }
      if (json) printJson(cli, built);
    });
}
