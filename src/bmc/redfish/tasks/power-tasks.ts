import type { Node } from '../../../node/node.ts';
import type { NodeState, OperationResult } from '../../../node/state.ts';
import { message } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { TaskWork } from '../model.ts';

/**
 * A node's power operation as the work of a task: it ends as the operation does. The operation itself is the node's: a
 * client that cancels the task does not keep the node from going on, and the task says how it ended.
 * @param operation - the ID that the node gave it
 */
export function followOperation(node: Node, operation: number): TaskWork {
  return () =>
    new Promise((resolve, reject) => {
      const look = (state: NodeState): boolean => {
        const result = state.results.find(({ id }) => id === operation);
        if (result === undefined && isAhead(state, operation)) return false;
        if (result === undefined || result.outcome === 'done') resolve([]);
        else reject(problemOf(result));
        return true;
      };
      if (look(node.state)) return;
      const stop = node.onChange(state => {
        if (look(state)) stop();
      });
    });
}

/** Whether an operation is under way, or waits for the one before it. Of one that ended long ago nothing is left. */
function isAhead({ durable }: NodeState, operation: number): boolean {
  return durable.operation?.id === operation || durable.pending?.id === operation;
}

function problemOf({ outcome, message: reason }: OperationResult): RedfishProblem {
  const told = message('Base.OperationFailed');
  const why = reason || (outcome === 'superseded' ? 'A later power command took its place.' : '');
  return new RedfishProblem(outcome === 'superseded' ? 409 : 500, {
    ...told,
    Message: `${told.Message} ${why}`.trim(),
  });
}
