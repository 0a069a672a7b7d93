import type { Node } from '../../../node/node.ts';
import { message, withReason } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';

/** The node has left the service while something was done with it. */
export function gone({ spec: { name } }: Node): RedfishProblem {
  const told = message('Base.ResourceNotFound', ['ComputerSystem', name]);
  return new RedfishProblem(404, withReason(told, 'It is served no more.'));
}
