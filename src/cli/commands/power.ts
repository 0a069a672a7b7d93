import { Command } from 'commander';
import type { NodeStatus, OperationAnswer } from '../../daemon/api.ts';
import type { PowerAction } from '../../node/power.ts';
import { messageOf, QuintupleoError } from '../../support/errors.ts';
import { type Cli, type GlobalOptions, note, print, printJson, usageError } from '../cli.ts';
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
        if (action === 'status') {
          showAnswers(
            cli,
            nodes.map(node => ({ node, result: undefined })),
            options,
          );
          return;
        }
        const answers = await Promise.allSettled(
          nodes.map(node => client.power(node.lab, node.name, { action, wait })),
        );
        cli.signal.throwIfAborted();
        for (const [index, answer] of answers.entries()) {
          const problem = answer.status === 'rejected' ? answer.reason : problemOf(answer.value, wait);
          if (problem === undefined) continue;
          cli.exit = cli.exit === 'ok' ? exitCodeOf(problem) : cli.exit;
          const node = nodes[index];
          note(
            cli,
            `${styleFor(cli, cli.err).red('error')}: ${node?.lab}/${node?.name}: ${sentences(problem)}`,
          );
        }
        const given = answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []));
        showAnswers(cli, given, options);
      });
    });
}

function readWords(words: readonly string[], options: Options) {
  const last = words.at(-1) ?? '';
  const action = actions[last];
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

function sentences(error: unknown): string {
  const remedy = error instanceof QuintupleoError ? error.remedy : undefined;
  return remedy ? `${messageOf(error)}. ${remedy}` : messageOf(error);
}

function showAnswers(cli: Cli, answers: readonly OperationAnswer[], options: Options): void {
  if (options.json) {
    printJson(cli, answers.map(answerJson));
    return;
  }
  const style = styleFor(cli);
  for (const { node } of answers) print(cli, `${node.lab}/${node.name}: ${powerOf(node, style)}`);
}

function answerJson({ node, result }: OperationAnswer) {
  const { lab, name, power, operation }: NodeStatus = node;
  return { lab, node: name, power, operation: operation ?? null, result: result ?? null };
}
