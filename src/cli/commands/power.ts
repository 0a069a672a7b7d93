import { Command } from 'commander';
import type { NodeStatus, OperationAnswer, PowerRequest } from '../../daemon/api.ts';
import type { PowerAction } from '../../node/power.ts';
import { QuintupleoError } from '../../support/errors.ts';
import { type Cli, type GlobalOptions, note, print, printJson, usageError } from '../cli.ts';
import type { ControlClient } from '../client.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { findLab, findNode } from '../find-node.ts';
import { powerOf } from '../lab-table.ts';
import { styleFor } from '../style.ts';
import { withClient } from '../with-client.ts';

interface Options extends GlobalOptions {
  readonly all?: boolean;
  readonly wait: boolean;
  readonly timeout: string;
}

const actions: Readonly<Record<string, PowerAction | 'status'>> = {
  on: 'on',
  off: 'off',
  soft: 'soft-off',
  reset: 'reset',
  cycle: 'cycle',
  restart: 'graceful-restart',
  nmi: 'nmi',
  status: 'status',
};

/** `quintupleo power`: switches nodes, or shows their power. */
export function powerCommand(cli: Cli): Command {
  return new Command('power')
    .summary('switch nodes, or show their power')
    .description(
      'Switches nodes: on, off (hard), soft (asks the guest to shut down), reset, cycle (hard off and on), ' +
        'restart (soft off and on), nmi; or shows their power: status.',
    )
    .usage('[options] <NODE...|--all> <on|off|soft|reset|cycle|restart|nmi|status>')
    .argument('<words...>', 'nodes, each as NODE or LAB/NODE, and the action')
    .option('-a, --all', 'all nodes of the lab')
    .option('--no-wait', 'do not wait until it is done')
    .option('--timeout <seconds>', 'how long to wait', '300')
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo power node-0 on\n  quintupleo power node-0 node-1 cycle\n  quintupleo power --all --lab pair off',
    )
    .action(async (words: string[], _own: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { names, action } = readWords(words, options);
      const timeout = Number(options.timeout);
      if (!(timeout > 0 && timeout <= 600)) {
        throw usageError(`--timeout ${options.timeout} is out of range`, 'Use 1 to 600 seconds.');
      }
      const wait = options.wait ? timeout * 1000 : 0;
      await withClient(cli, async client => {
        const labs = await client.labs();
        const nodes = options.all
          ? findLab(labs, options.lab).nodes
          : names.map(name => findNode(labs, name, options.lab));
        const attempts =
          action === 'status'
            ? nodes.map<Attempt>(node => ({ node, result: undefined, error: undefined }))
            : await Promise.all(nodes.map(node => attempt(client, node, { action, wait })));
        cli.signal.throwIfAborted();
        showAttempts(cli, attempts, options.json === true);
      });
    });
}

/** What came of a command to one node. */
interface Attempt extends OperationAnswer {
  readonly error: QuintupleoError | undefined;
}

async function attempt(client: ControlClient, node: NodeStatus, request: PowerRequest): Promise<Attempt> {
  try {
    const answer = await client.power(node.lab, node.name, request);
    return { ...answer, error: problemOf(answer, request.wait) };
  } catch (error) {
    if (error instanceof QuintupleoError) return { node, result: undefined, error };
    throw error;
  }
}

function readWords(words: readonly string[], options: Options) {
  const last = words.at(-1) ?? '';
  const action = Object.hasOwn(actions, last) ? actions[last] : undefined;
  if (!action)
    throw usageError(`"${last}" is no power action`, `Use one of: ${Object.keys(actions).join(', ')}.`);
  const names = words.slice(0, -1);
  if (names.length === 0 && !options.all)
    throw usageError('no node is named', 'Name one or more, or use --all.');
  if (names.length > 0 && options.all)
    throw usageError('nodes are named beside --all', 'Leave one of them away.');
  return { names, action };
}

/** What is wrong with an operation that was accepted. */
function problemOf({ node, result }: OperationAnswer, wait: number): QuintupleoError | undefined {
  const details = { family: 'user', code: 'POWER_FAILED' } as const;
  if (result && result.outcome !== 'done') {
    const message =
      result.outcome === 'superseded' ? `${result.action} was overtaken by a later command` : result.message;
    return new QuintupleoError(message || `${result.action} failed`, details);
  }
  if (!result && node.operation && wait > 0) {
    const remedy = 'It goes on; wait longer with --timeout.';
    return new QuintupleoError(`${node.operation.action} is not done yet`, { ...details, remedy });
  }
  return undefined;
}

function showAttempts(cli: Cli, attempts: readonly Attempt[], json: boolean): void {
  const failed = attempts.find(({ error }) => error !== undefined);
  if (failed) cli.exit = exitCodeOf(failed.error);
  if (json) {
    printJson(cli, attempts.map(attemptJson));
    return;
  }
  const style = styleFor(cli);
  for (const { node, error } of attempts) {
    const name = `${node.lab}/${node.name}`;
    if (!error) {
      print(cli, `${name}: ${powerOf(node, style)}`);
      continue;
    }
    const remedy = error.remedy === undefined ? '' : `. ${error.remedy}`;
    const message = error.message.replace(`${node.name}: `, '');
    note(cli, `${styleFor(cli, cli.err).red('error')}: ${name}: ${message}${remedy}`);
  }
}

function attemptJson({ node, result, error }: Attempt) {
  const { lab, name, power, operation } = node;
  const refusal = error && { code: error.code, message: error.message, remedy: error.remedy ?? null };
  return {
    lab,
    node: name,
    power,
    operation: operation ?? null,
    result: result ?? null,
    error: refusal ?? null,
  };
}
