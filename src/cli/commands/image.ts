import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { BootImageKind } from '../../node/firmware.ts';
import { createLog } from '../../support/log.ts';
import { type Cli, type GlobalOptions, print, printJson } from '../cli.ts';
import { cloudSources } from '../cloud-sources.ts';
import { table } from '../table.ts';

const allKinds: readonly BootImageKind[] = ['bios', 'uefi', 'rescue', 'disk'];

interface KindOptions extends GlobalOptions {
  readonly kind: BootImageKind | 'all';
}

interface BuildOptions extends KindOptions {
  readonly output?: string;
}

interface CloudOptions extends GlobalOptions {
  readonly cloud?: string;
  readonly region?: string;
}

/** `quintupleo image`: what machines of a cloud start from to be told what to boot. */
export function imageCommand(cli: Cli): Command {
  return new Command('image')
    .summary('make the firmware images of nodes on a cloud, and look after them')
    .description(
      "The images by which machines of a cloud boot from the network, made from Debian's packages:\n" +
        '  bios, uefi  discs that ask at every boot what to boot; "up" makes and uploads them by itself\n' +
        '  rescue      a disc for the rescue mode of instances that were adopted\n' +
        '  disk        a disk that boots from the network until something else is written to it\n' +
        'Needs no daemon and no root.',
    )
    .addCommand(buildCommand(cli))
    .addCommand(uploadCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(pruneCommand(cli))
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo image build --kind bios --output .\n  quintupleo image upload --kind rescue --cloud mycloud',
    );
}

function kindOption(): Option {
  return new Option('--kind <kind>', 'which image').choices([...allKinds, 'all']).default('all');
}

function onCloud(command: Command): Command {
  return command
    .option('--cloud <name>', 'cloud of clouds.yaml; default: as OS_CLOUD or the other OS_* variables say')
    .option('--region <name>', 'region of the cloud');
}

function kindsOf({ kind }: KindOptions): readonly BootImageKind[] {
  return kind === 'all' ? allKinds : [kind];
}

function buildCommand(cli: Cli): Command {
  return new Command('build')
    .summary('make images, or find those made earlier')
    .addOption(kindOption())
    .option('--output <folder>', 'folder to copy them to; they stay in the cache too')
    .action(async (own: BuildOptions, command: Command) => {
      const { json } = command.optsWithGlobals<GlobalOptions>();
      const { buildFirmwareImages } = await import('../../daemon/firmware-images.ts');
      const images = await buildFirmwareImages(kindsOf(own), cli.paths().cacheDirectory, cli.signal);
      const output = own.output === undefined ? undefined : resolve(cli.cwd, own.output);
      if (output) await mkdir(output, { recursive: true });
      const built = [];
      for (const image of images) {
        const path = output ? join(output, basename(image.path)) : image.path;
        if (output) await copyFile(image.path, path);
        built.push({ ...image, path });
        if (!json) print(cli, `${image.kind.padEnd(6)}  ${path}  sha256 ${image.sha256}`);
      }
      if (json) printJson(cli, built);
    });
}

function uploadCommand(cli: Cli): Command {
  return onCloud(new Command('upload'))
    .summary('put images into a project of a cloud, unless they are there')
    .addOption(kindOption())
    .action(async (own: KindOptions, command: Command) => {
      const options = command.optsWithGlobals<CloudOptions>();
      const { openCloud } = await import('../../daemon/cloud-access.ts');
      const { uploadFirmwareImages } = await import('../../daemon/firmware-images.ts');
      await using openstack = await openCloud(cloudSources(cli, options), createLog('warn'));
      const { cacheDirectory } = cli.paths();
      const images = await uploadFirmwareImages(openstack, kindsOf(own), cacheDirectory, cli.signal);
      if (options.json) printJson(cli, images);
      else for (const { variant, id } of images) print(cli, `${variant.padEnd(9)}  ${id}`);
    });
}

function listCommand(cli: Cli): Command {
  return onCloud(new Command('list'))
    .summary('show the images in a project of a cloud')
    .action(async (_own: CloudOptions, command: Command) => {
      const options = command.optsWithGlobals<CloudOptions>();
      const { openCloud } = await import('../../daemon/cloud-access.ts');
      const { findCloudImages } = await import('../../daemon/firmware-images.ts');
      await using openstack = await openCloud(cloudSources(cli, options), createLog('warn'));
      const images = await findCloudImages(openstack, cli.signal);
      if (options.json) printJson(cli, images);
      else if (images.length === 0) print(cli, 'The project has no image of ours.');
      else {
        const rows = images.map(({ variant, id, name, usedBy }) => [
          variant,
          name,
          id,
          usedBy.join(', ') || 'nobody',
        ]);
        for (const line of table(['IMAGE', 'NAME', 'ID', 'USED BY'], rows)) print(cli, line);
      }
    });
}

function pruneCommand(cli: Cli): Command {
  return onCloud(new Command('prune'))
    .summary('delete the images of a project that no server uses')
    .option('-n, --dry-run', 'show what would be deleted, and do nothing')
    .action(async (own: { readonly dryRun?: boolean }, command: Command) => {
      const options = command.optsWithGlobals<CloudOptions>();
      const { openCloud } = await import('../../daemon/cloud-access.ts');
      const { deleteCloudImages, findCloudImages } = await import('../../daemon/firmware-images.ts');
      const log = createLog('warn');
      await using openstack = await openCloud(cloudSources(cli, options), log);
      const unused = (await findCloudImages(openstack, cli.signal)).filter(({ usedBy }) => !usedBy.length);
      const gone = own.dryRun ? unused : await deleteCloudImages(openstack, unused, cli.signal, log);
      if (options.json) printJson(cli, gone);
      else if (gone.length === 0) print(cli, 'There is nothing to delete.');
      else for (const { name } of gone) print(cli, `${own.dryRun ? 'would delete' : 'deleted'} ${name}`);
    });
}
