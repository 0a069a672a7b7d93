import { Command } from 'commander';
import type { LabStatus } from '../../daemon/api.ts';
import type { NodeProof, ProveEvent, ProveNode, ProveTarget } from '../../lab/prove.ts';
import { type Cli, type GlobalOptions, note, print, printJson } from '../cli.ts';
import type { ControlClient } from '../client.ts';
import { findLab, findNode } from '../find-node.ts';
import { type Style, styleFor } from '../style.ts';
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
    .argument('[what]', 'a lab, or one node as LAB/NODE; may be left away when there is only one lab')
    .addHelpText('after', '\nExamples:\n  quintupleo prove pair\n  quintupleo prove pair/node-0 --json')
    .action(async (what: string | undefined, _own: GlobalOptions, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      await withClient(cli, async client => {
        const { lab, names } = selectNodes(await client.labs(), what, options.lab);
        const { prove } = await import('../../lab/prove.ts');
        const proofs = await prove(targetOf(client, lab, names), {
          signal: cli.signal,
          onEvent: event => !options.json && showEvent(cli, event, styleFor(cli, cli.err)),
        });
        if (options.json) printJson(cli, proofs.map(proofJson));
        else showProofs(cli, proofs);
        if (proofs.some(proof => proof.failure)) cli.exit = 'failed';
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

function targetOf(client: ControlClient, lab: LabStatus, names: readonly string[]): ProveTarget {
  const nodes = lab.nodes
    .filter(node => names.includes(node.name))
    .map<ProveNode>(({ name, spec, bmc }) => {
      const [user = ''] = bmc.users;
      const password = async () => {
        const { nodes: logins } = await client.credentials(lab.name);
        return logins[name]?.find(login => login.name === user)?.password ?? '';
      };
      return { name, firmware: spec.firmware, bmc: { address: bmc.address, port: bmc.port, user, password } };
    });
  return {
    nodes,
    assignDeploy: node => client.deploy(lab.name, node),
    reports: node => client.reports(lab.name, node),
    events: node => client.events(lab.name, node),
    consoleHistory: node => client.consoleHistory(lab.name, node),
  };
}

function showEvent(cli: Cli, event: ProveEvent, style: Style): void {
  switch (event.type) {
    case 'stage-started':
      break;
    case 'stage-done':
      note(
        cli,
        `  ${style.green('✓')} ${event.node}: ${event.stage}, ${seconds(event.duration)}: ${event.summary}`,
      );
      break;
    case 'finished':
      if (event.proof.failure)
        note(cli, `  ${style.red('✗')} ${event.proof.node}: ${event.proof.failure.stage}`);
      break;
  }
}

function showProofs(cli: Cli, proofs: readonly NodeProof[]): void {
  const style = styleFor(cli);
  for (const { node, stages, failure } of proofs) {
    const total = stages.reduce((sum, stage) => sum + stage.duration, 0);
    if (!failure) {
      print(cli, `${node}: ${style.green('proven')} in ${seconds(total)}`);
      continue;
    }
    print(cli, `${node}: ${style.red('not proven')}: ${failure.stage}: ${failure.reason}`);
    if (failure.remedy !== undefined) print(cli, `  ${failure.remedy}`);
    if (failure.console.length > 0) print(cli, '  The last lines of its console:');
    for (const line of failure.console) print(cli, `    ${style.dim(line)}`);
    if (failure.events.length > 0) print(cli, '  Its latest events:');
    for (const { at, message } of failure.events) {
      print(cli, `    ${style.dim(`${new Date(at).toISOString()} ${message}`)}`);
    }
  }
}

function proofJson({ node, stages, failure }: NodeProof) {
  return { node, proven: failure === undefined, stages, failure: failure ?? null };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
