import type { LabStatus, NodeStatus } from '../daemon/api.ts';
import type { Cli } from './cli.ts';
import { type Style, styleFor } from './style.ts';
import { table } from './table.ts';

/** A lab for people: what it runs on and a table of its nodes. */
export function labLines(cli: Cli, lab: LabStatus): readonly string[] {
  const style = styleFor(cli);
  const facts = Object.entries({ driver: lab.driver, ...lab.facts, ...redfishFacts(lab) });
  const phase = lab.phase === 'up' ? style.green('up') : style.yellow(lab.phase);
  const lines = [`${style.bold(lab.name)}  ${phase}`];
  const width = Math.max(12, ...facts.map(([name]) => name.length));
  for (const [name, value] of facts) lines.push(style.dim(`  ${name.padEnd(width)}  ${value}`));
  if (lab.redfish?.problem !== undefined) lines.push(style.red(lab.redfish.problem));
  if (lab.message !== '') lines.push(style.red(lab.message));
  if (lab.phase === 'applying') {
    lines.push(`It was interrupted: "${cli.program} up ${lab.source}" finishes it.`);
  }
  if (lab.phase === 'deleting')
    lines.push(`It was interrupted: "${cli.program} down ${lab.name}" finishes it.`);
  if (lab.stopped) {
    const names = lab.stopped.length > 0 ? lab.stopped.join(', ') : 'nothing';
    lines.push(`It was stopped: "${cli.program} start ${lab.name}" powers on ${names}.`);
  }
  const hasRedfish = lab.nodes.some(({ bmc }) => bmc.redfish !== undefined);
  const head = ['NODE', 'POWER', 'IPMI', ...(hasRedfish ? ['REDFISH'] : []), 'MACS', 'CONSOLE'];
  const rows = lab.nodes.map(node => [
    node.name,
    powerOf(node, style),
    told(`${node.bmc.address}:${node.bmc.port}`, node.bmc.problem, style),
    ...(hasRedfish ? [redfishOf(node, style)] : []),
    node.spec.nics.map(nic => nic.mac).join(' ') || '-',
    `${cli.program} console ${node.lab}/${node.name}`,
  ]);
  return [...lines, '', ...table(head, rows)];
}

/** Where the service is that shows all nodes, and by which certificate all services are known. */
function redfishFacts({ redfish }: LabStatus): Readonly<Record<string, string>> {
  return {
    ...(redfish?.url !== undefined && { redfish: redfish.url }),
    ...(redfish?.fingerprint !== undefined && { certificate: redfish.fingerprint }),
  };
}

/** A node's power as it was seen, and the command under way if there is one. */
export function powerOf(node: NodeStatus, style: Style): string {
  const colour = { on: style.green, off: style.dim, unknown: style.yellow }[node.power];
  const operation = node.operation ? ` (${node.operation.action} under way)` : '';
  return `${colour(node.power)}${operation}`;
}

/** Where a node's own Redfish service listens. */
function redfishOf({ bmc }: NodeStatus, style: Style): string {
  return bmc.redfish ? told(new URL(bmc.redfish.url).origin, bmc.redfish.problem, style) : '-';
}

function told(place: string, problem: string | undefined, style: Style): string {
  return problem === undefined ? place : `${place} ${style.red(problem)}`;
}
