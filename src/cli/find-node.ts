import type { LabStatus, NodeStatus } from '../daemon/api.ts';
import { closest } from '../lab/names.ts';
import { QuintupleoError } from '../support/errors.ts';
import { usageError } from './cli.ts';

/**
 * The node that the user means by `NODE` or `LAB/NODE`.
 * @param lab - the lab it must be in, if the user named one
 * @throws QuintupleoError `NODE_NOT_FOUND`, `LAB_NOT_FOUND`; `USAGE` when several labs have such a node
 */
export function findNode(labs: readonly LabStatus[], name: string, lab: string | undefined): NodeStatus {
  const [first, second] = name.split('/', 2);
  const labName = second === undefined ? lab : first;
  const nodeName = second ?? name;
  const nodes = (labName === undefined ? labs : [findLab(labs, labName)]).flatMap(one => one.nodes);
  const found = nodes.filter(node => node.name === nodeName);
  const [only] = found;
  if (!only) {
    const names = nodes.map(node => (labName === undefined ? `${node.lab}/${node.name}` : node.name));
    const meant = closest(nodeName, new Set(nodes.map(node => node.name)));
    throw new QuintupleoError(`there is no node ${name}`, {
      family: 'user',
      code: 'NODE_NOT_FOUND',
      remedy: meant ? `Did you mean ${meant}?` : choices('Nodes', names),
    });
  }
  if (found.length > 1) {
    const full = found.map(node => `${node.lab}/${node.name}`).join(', ');
    throw usageError(`several labs have a node ${name}`, `Say which: ${full}.`);
  }
  return only;
}

/**
 * The lab of that name; without one, the only lab.
 * @throws QuintupleoError `LAB_NOT_FOUND`; `USAGE` when there are several to choose from
 */
export function findLab(labs: readonly LabStatus[], name: string | undefined): LabStatus {
  const found = name === undefined ? labs : labs.filter(lab => lab.name === name);
  const [only] = found;
  if (!only) {
    const names = labs.map(lab => lab.name);
    const meant = name === undefined ? undefined : closest(name, names);
    throw new QuintupleoError(name === undefined ? 'there is no lab' : `there is no lab ${name}`, {
      family: 'user',
      code: 'LAB_NOT_FOUND',
      remedy: meant ? `Did you mean ${meant}?` : choices('Labs', names),
    });
  }
  if (found.length > 1) {
    throw usageError('there are several labs', `Say which: ${found.map(lab => lab.name).join(', ')}.`);
  }
  return only;
}

function choices(what: string, names: readonly string[]): string {
  if (names.length === 0) return 'Make one with "quintupleo up LAB.yaml".';
  const shown = names.slice(0, 10).join(', ');
  return `${what} there are: ${shown}${names.length > 10 ? ', …' : ''}.`;
}
