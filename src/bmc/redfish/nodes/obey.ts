import type { Command, Reply } from '../../../node/command.ts';
import type { Node } from '../../../node/node.ts';
import { message, withReason } from '../messages/message.ts';
import { busy, RedfishProblem } from '../messages/problem.ts';

/**
 * Gives a node a command for a client.
 * @param properties - JSON pointers of what the client wrote
 * @throws {@link RedfishProblem} when the node does not take it
 */
export async function obey(
  node: Node,
  command: Command,
  properties: readonly string[] = [],
): Promise<Reply & { accepted: true }> {
  const reply = await node.command(command);
  if (reply.accepted) return reply;
  switch (reply.refusal) {
    case 'unsupported':
      throw new RedfishProblem(400, message('Base.ActionNotSupported', [reply.message], properties));
    case 'wrong-state':
      throw new RedfishProblem(409, withReason(message('Base.ResourceInUse', [], properties), reply.message));
    case 'busy':
      throw busy(reply.message);
    case 'not-found':
      throw new RedfishProblem(404, message('Base.ResourceNotFound', ['', reply.message], properties));
  }
}
