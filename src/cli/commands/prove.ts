import { Command } from 'commander';
import type { LabStatus } from '../../daemon/api.ts';
import type { Cli, GlobalOptions } from '../cli.ts';
import { findLab, findNode } from '../find-node.ts';
import { isLabFile, labNamed } from '../lab-argument.ts';
import { proveNodes } from '../prove-nodes.ts';
import { withClient } from '../with-client.ts';

/** `quintupleo prove`: shows that the nodes of a lab are bare metal to those who use them. */
export function proveCommand(cli: Cli): Command {
  return new Command('prove')
    .summary('prove that nodes netboot, deploy and boot, by IPMI alone')
    .description(
      'Proves that nodes are bare metal to those who use them: with nothing but ipmitool, each is powered off, booted ' +
        'from the network into a ramdisk that writes its disk, and booted from that disk. ' +
        'Overwrites the first disk of each node. Its first network must have dhcp: true.',
    )
    .argument(
      '[what]',
      'a lab or its file, or one node as LAB/NODE; may be left away when there is only one lab',
    )
    .addHelpText('after', '\nExamples:\n  quintupleo prove pair\n  quintupleo prove pair/node-0 --json')
    .action(async (what: string | undefined, _own: GlobalOptions, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const named = what !== undefined && isLabFile(what) ? await labNamed(cli, what, options.id) : what;
      await withClient(cli, async client => {
        const { lab, names } = selectNodes(await client.labs(), named, options.lab);
        await proveNodes(cli, client, lab, names, options.json === true);
      });
    });
}

function selectNodes(labs: readonly LabStatus[], what: string | undefined, labOption: string | undefined) {
  if (what?.includes('/')) {
    const node = findNode(labs, what, labOption);
    return { lab: findLab(labs, node.lab), names: [node.name] };
  }
  const lab = findLab(labs, what ?? labOption);
  return { lab, names: lab.nodes.map(node => node.name) };
}
