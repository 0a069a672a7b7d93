import type { NodeRunner } from '../node/runner.ts';
import type { OperationResult } from '../node/state.ts';
import type { Clock } from '../support/clock.ts';
import { QuintupleoError } from '../support/errors.ts';
import type { PowerRequest } from './api.ts';

/**
 * Gives a node a power command.
 * @returns how its operation ended; `undefined` when there was nothing to do, or it has not ended within `wait`
 * @throws QuintupleoError what the node refuses
 */
export async function powerNode(
  node: NodeRunner,
  { action, wait }: PowerRequest,
  clock: Clock,
  signal: AbortSignal,
): Promise<OperationResult | undefined> {
  const before = node.state.durable.operation?.id;
  const reply = await node.command({ type: 'power', action, by: 'control API' });
  if (!reply.accepted) throw refused(reply.refusal, `${node.spec.name}: ${reply.message}`);
  const id = reply.operation ?? before;
  if (reply.operation === undefined || id === undefined) return undefined;
  const result = await resultOf(node, id, wait, clock, signal);
  // Or a daemon that is killed now would do again what the client has been told is done.
  if (result) await node.kept();
  return result;
}

/** The error for what a node refuses. */
export function refused(refusal: string, message: string): QuintupleoError {
  const code = refusal.toUpperCase().replaceAll('-', '_');
  return new QuintupleoError(message, { family: 'platform', code });
}

/** How an operation ended, or `undefined` if it has not within `wait` milliseconds. */
function resultOf(
  node: NodeRunner,
  id: number,
  wait: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<OperationResult | undefined> {
  const ended = () => node.state.results.find(result => result.id === id);
  return new Promise(resolve => {
    const finish = (result: OperationResult | undefined) => {
      unsubscribe();
      timer.cancel();
      signal.removeEventListener('abort', giveUp);
      resolve(result);
    };
    const giveUp = () => finish(undefined);
    const timer = clock.after(wait, giveUp);
    const unsubscribe = node.onChange(() => {
      const result = ended();
      if (result) finish(result);
    });
    signal.addEventListener('abort', giveUp, { once: true });
    const already = ended();
    if (already || wait === 0) finish(already);
  });
}
