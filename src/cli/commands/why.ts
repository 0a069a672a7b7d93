import { Command } from 'commander';
import { type Cli, type GlobalOptions, print } from '../cli.ts';
import { findNode } from '../find-node.ts';
import { printFinding, printFindingsJson } from '../findings.ts';
import { withClient } from '../with-client.ts';

/** `quintupleo why`: why a node does not netboot. */
export function whyCommand(cli: Cli): Command {
  return new Command('why')
    .summary('see why a node does not boot from the network')
    .description(
      'Looks at everything that a network boot of a node needs: its BMC, its boot override, its machine, its network card ' +
        'and network, this host’s place on that, DHCP, the boot director, and what the node asked there last. Fails if ' +
        'something stands in its way.',
    )
    .argument('<node>', 'NODE or LAB/NODE')
    .addHelpText('after', '\nExample:\n  quintupleo why node-0')
    .action(async (name: string, _own: GlobalOptions, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { node, findings } = await withClient(cli, async client => {
        const found = findNode(await client.labs(), name, options.lab);
        return { node: found, findings: await client.why(found.lab, found.name) };
      });
      const failed = findings.filter(({ result }) => result === 'fail');
      if (failed.length > 0) cli.exit = 'failed';
      if (options.json) return printFindingsJson(cli, findings);
      for (const finding of findings) printFinding(cli, finding);
      const what = failed.length === 1 ? 'One thing stands' : `${failed.length} things stand`;
      const where = `in the way of a network boot of ${node.lab}/${node.name}.`;
      print(cli, `\n${failed.length === 0 ? 'Nothing stands' : what} ${where}`);
    });
}
