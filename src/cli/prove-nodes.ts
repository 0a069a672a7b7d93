import type { LabStatus } from '../daemon/api.ts';
import type { NodeProof, ProveEvent, ProveNode, ProveTarget } from '../lab/prove.ts';
import { type Cli, note, print, printJson } from './cli.ts';
import type { ControlClient } from './client.ts';
import { type Style, styleFor } from './style.ts';

/**
 * Proves nodes of a lab, tells how it goes, and sets the exit code.
 * @param names - nodes to prove
 */
export async function proveNodes(
  cli: Cli,
  client: ControlClient,
  lab: LabStatus,
  names: readonly string[],
  json: boolean,
): Promise<void> {
  const { prove } = await import('../lab/prove.ts');
  const proofs = await prove(targetOf(client, lab, names), {
    signal: cli.signal,
    onEvent: event => !json && showEvent(cli, event, styleFor(cli, cli.err)),
  });
  if (json) printJson(cli, proofs.map(proofJson));
  else showProofs(cli, proofs);
  if (proofs.some(proof => proof.failure)) cli.exit = 'failed';
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
    lastFailure: async node => {
      const { lastResult } = await client.node(lab.name, node);
      return lastResult?.outcome === 'failed' ? lastResult.message : undefined;
    },
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
