import type { Style } from '../style.ts';
import { table } from '../table.ts';
import { duration, timeOf } from '../timeline-lines.ts';
import type { ChaosReport, Coped, NodeReport, StepReport } from './chaos-report.ts';

/** What came of a run, for people. */
export function reportLines(report: ChaosReport, style: Style): readonly string[] {
  const { scenario, lab, seed, startedAt, endedAt, interrupted, steps, nodes } = report;
  const end = interrupted ? style.yellow(', interrupted') : '';
  return [
    `${style.bold(scenario)}: lab ${lab}, seed ${seed}, ${duration(endedAt - startedAt)}${end}`,
    '',
    ...table(
      ['FAULT', 'NODES', 'FROM', 'FOR', 'FELT', ...copedHead],
      steps.map(step => stepRow(step, style)),
    ),
    ...steps.flatMap(({ kind, problems }) =>
      Object.entries(problems).map(([node, why]) =>
        style.red(`${kind} could not be had with ${node}: ${why}`),
      ),
    ),
    '',
    ...table(
      ['NODE', ...copedHead, 'SETTLED AFTER', 'NOTE'],
      nodes.map(node => nodeRow(node, style)),
    ),
  ];
}

const copedHead = ['REQUESTS', 'REFUSED', 'DONE', 'FAILED'];

function stepRow(step: StepReport, style: Style): readonly string[] {
  const { kind, nodes, since, lifted, felt } = step;
  const shown = nodes.slice(0, 3).join(', ');
  const all = nodes.length > 3 ? `${shown} and ${nodes.length - 3} more` : shown || 'the lab';
  return [kind, all, timeOf(since), duration(lifted - since), String(felt), ...copedCells(step, style)];
}

function nodeRow(node: NodeReport, style: Style): readonly string[] {
  const { settledAfter, failure = '' } = node;
  const settled = settledAfter === undefined ? style.red('not yet') : duration(settledAfter);
  return [node.node, ...copedCells(node, style), settled, failure];
}

function copedCells({ requests, refused, done, failed }: Coped, style: Style): readonly string[] {
  const bad = (count: number) => (count > 0 ? style.yellow(String(count)) : '0');
  return [String(requests), bad(refused), String(done), bad(failed)];
}
