import type { Command, Reply } from '../../node/command.ts';
import type { Node } from '../../node/node.ts';
import { message } from './message.ts';
import { RedfishProblem } from './problem.ts';

/** Seconds after which a client may try again what cannot be done just now. */
const retryAfter = 5;

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
      throw new RedfishProblem(409, stateProblem(reply.message, properties));
    case 'busy':
      throw busy(reply.message);
    case 'not-found':
      throw new RedfishProblem(404, message('Base.ResourceNotFound', ['', reply.message], properties));
  }
}

/**
 * Not now. Ironic's client tries a request again that is not a GET only when the text of the error holds `SYS518`, by
 * which one vendor's controllers say so.
 */
export function busy(reason: string): RedfishProblem {
  const told = message('Base.ServiceTemporarilyUnavailable', [retryAfter]);
  return new RedfishProblem(
    503,
    { ...told, Message: `${told.Message} ${reason} (SYS518)` },
    { 'Retry-After': String(retryAfter) },
  );
}

function stateProblem(reason: string, properties: readonly string[]) {
  const told = message('Base.ResourceInUse', [], properties);
  return { ...told, Message: `${told.Message} ${reason}` };
}
