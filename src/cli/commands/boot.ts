import { Command } from 'commander';
import type { BootOverride, BootRequest, BootTarget, NodeStatus } from '../../daemon/api.ts';
import { type Cli, type GlobalOptions, print, printJson, usageError } from '../cli.ts';
import { findNode } from '../find-node.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly once?: boolean;
  readonly persist?: boolean;
  readonly uefi?: boolean;
  readonly legacy?: boolean;
}

const targets: Readonly<Record<string, BootTarget>> = {
  pxe: 'pxe',
  disk: 'disk',
  cdrom: 'cdrom',
  bios: 'bios-setup',
  none: 'default',
};

/** `quintupleo boot`: shows or sets what a node boots from. */
export function bootCommand(cli: Cli): Command {
  return new Command('boot')
    .summary('show or set what a node boots from')
    .description(
      'Sets what a node boots from: pxe, disk, cdrom, bios (firmware setup), or none, which ends an override. ' +
        'Without a target, shows it.',
    )
    .argument('<node>', 'NODE or LAB/NODE')
    .argument('[target]', Object.keys(targets).join(', '))
    .option('--once', 'for the next boot only (default)')
    .option('--persist', 'for every boot from now on')
    .option('--uefi', 'start by UEFI from the next boot on')
    .option('--legacy', 'start by BIOS from the next boot on')
    .addHelpText('after', '\nExamples:\n  quintupleo boot node-0 pxe --once\n  quintupleo boot node-0')
    .action(async (name: string, word: string | undefined, _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const request = word === undefined ? undefined : readRequest(word, options);
      const node = await withClient(cli, async client => {
        const found = findNode(await client.labs(), name, options.lab);
        return request ? await client.boot(found.lab, found.name, request) : found;
      });
      if (options.json) printJson(cli, bootJson(node));
      else
        print(
          cli,
          `${node.lab}/${node.name}: ${describe(node.boot)}; ${node.firmware === 'uefi' ? 'UEFI' : 'BIOS'}`,
        );
    });
}

function readRequest(word: string, options: Options): BootRequest {
  const target = Object.hasOwn(targets, word) ? targets[word] : undefined;
  if (!target)
    throw usageError(`"${word}" is no boot target`, `Use one of: ${Object.keys(targets).join(', ')}.`);
  if (options.once && options.persist)
    throw usageError('--once and --persist exclude each other', 'Choose one.');
  if (options.uefi && options.legacy)
    throw usageError('--uefi and --legacy exclude each other', 'Choose one.');
  const mode = options.uefi ? 'uefi' : options.legacy ? 'bios' : undefined;
  if (target === 'default') return { target, enabled: 'disabled', mode };
  return { target, enabled: options.persist ? 'continuous' : 'once', mode };
}

function describe(boot: BootOverride): string {
  if (boot.enabled === 'disabled') return 'no override: boots as its firmware does, from its first disk';
  const target = Object.keys(targets).find(word => targets[word] === boot.target) ?? boot.target;
  return `${target}, ${boot.enabled === 'once' ? 'once' : 'at every boot'}`;
}

function bootJson({ lab, name, boot, firmware }: NodeStatus) {
  const { enabled, target } = boot;
  return { lab, node: name, boot: { enabled, target, mode: firmware } };
}
