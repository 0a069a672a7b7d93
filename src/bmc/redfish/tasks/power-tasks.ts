import type { Node } from '../../../node/node.ts';
import type { NodeState, OperationResult } from '../../../node/state.ts';
import { message, withReason } from '../messages/message.ts';
import { RedfishProblem } from '../messages/problem.ts';
import type { TaskWork } from '../model.ts';
import { gone } from '../nodes/gone.ts';

/**
 * A node's power operation as the work of a task: it ends as the operation does, or with the node. The operation itself
 * is the node's: a client that cancels the task does not keep the node from going on, and the task says how it ended.
 * @param operation - the ID that the node gave it
 */
export function followOperation(node: Node, operation: number): TaskWork {
  return () =>
    new Promise((resolve, reject) => {
      const look = (state: NodeState): void => {
        const result = state.results.find(({ id }) => id === operation);
        if (result === undefined && isAhead(state, operation)) return;
        if (result === undefined || result.outcome === 'done') resolve([]);
        else reject(problemOf(result));
        stop();
      };
      const onClose = () => {
        reject(gone(node));
        stop();
      };
      const unsubscribe = node.onChange(look);
      const stop = () => {
        unsubscribe();
        node.closed.removeEventListener('abort', onClose);
      };
      node.closed.addEventListener('abort', onClose);
      look(node.state);
      if (node.closed.aborted) onClose();
    });
}

/** Whether an operation is under way, or waits for the one before it. Of one that ended long ago nothing is left. */
function isAhead({ durable }: NodeState, operation: number): boolean {
  return durable.operation?.id === operation || durable.pending?.id === operation;
}

function problemOf({ outcome, message: reason }: OperationResult): RedfishProblem {
  const failed = message('Base.OperationFailed');
  if (outcome !== 'superseded') {
    return new RedfishProblem(500, reason ? withReason(failed, reason) : failed);
  }
  return new RedfishProblem(409, withReason(failed, reason || 'A later power command took its place.'));
}
