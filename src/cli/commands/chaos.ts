import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Scenario } from '../../faults/scenario.ts';
import type { ChaosReport } from '../chaos/chaos-report.ts';
import { type Cli, type GlobalOptions, note, print, printJson } from '../cli.ts';
import { findLab } from '../find-node.ts';
import { seedOf } from '../seed.ts';
import { styleFor } from '../style.ts';
import { withClient } from '../with-client.ts';

interface RunOptions extends GlobalOptions {
  readonly seed?: string;
  readonly report?: string;
}

/** `quintupleo chaos`: courses of faults. */
export function chaosCommand(cli: Cli): Command {
  const chaos = new Command('chaos')
    .summary('run a scenario of faults, and see how clients cope')
    .description(
      'Runs scenarios: what is made wrong with which nodes, when, and for how long. All is lifted at the end, and by Ctrl-C.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  quintupleo chaos check examples/chaos/*.yaml\n  quintupleo chaos run examples/chaos/flaky-bmc-network.yaml --lab pair --seed 7',
    );
  chaos
    .command('run')
    .summary('run a scenario')
    .description(
      'Runs a scenario with the nodes of a lab, and reports what was injected, when, how often it was felt and how clients and nodes coped. Exit code 1: a node did not settle, or a fault could not be had.',
    )
    .argument('<file>', 'the scenario')
    .option('--seed <number>', "what chance depends on, in place of the scenario's own")
    .option('--report <file>', 'write the report there as JSON')
    .action(async (file: string, _own: RunOptions, command: Command) => {
      await runChaos(cli, file, command.optsWithGlobals<RunOptions>());
    });
  chaos
    .command('check')
    .summary('check scenarios')
    .description('Reads scenarios and reports what is wrong with them. Needs no lab.')
    .argument('<file...>', 'the scenarios')
    .action(async (files: readonly string[], _own: GlobalOptions, command: Command) => {
      const { readScenario } = await import('../chaos/scenario-file.ts');
      const scenarios = files.map(file => ({ file, ...readScenario(file, cli.cwd) }));
      if (command.optsWithGlobals<GlobalOptions>().json) {
        printJson(
          cli,
          scenarios.map(({ file, name, steps }) => ({ file, name, steps: steps.length })),
        );
        return;
      }
      for (const { file, name, steps } of scenarios) print(cli, `${file}: ${name}: ${stepsText(steps)}`);
    });
  return chaos;
}

async function runChaos(cli: Cli, file: string, options: RunOptions): Promise<void> {
  const seed = seedOf(options.seed);
  const { readScenario } = await import('../chaos/scenario-file.ts');
  const { planScenario } = await import('../../faults/scenario.ts');
  const { runScenario } = await import('../chaos/run-scenario.ts');
  const { systemClock } = await import('../../support/clock.ts');
  const { ControlClient } = await import('../client.ts');
  const scenario = readScenario(file, cli.cwd);
  const lab = await withClient(cli, async client => findLab(await client.labs(), options.lab));
  const nodes = lab.nodes.map(node => node.name);
  const plan = planScenario(scenario, nodes, seed);
  const style = styleFor(cli, cli.err);
  note(cli, `${style.bold(plan.name)} with lab ${lab.name}, seed ${plan.seed}, ${plan.end / 1000} s`);
  const { controlSocket } = cli.paths();
  // Ctrl-C ends the run, not what lifts its faults.
  await using client = new ControlClient(controlSocket, new AbortController().signal);
  const report = await runScenario(plan, {
    lab: lab.name,
    daemon: {
      inject: (name, request) => client.inject(name, request),
      faults: name => client.faults(name),
      lift: (name, id) => client.lift(name, id),
      async *watch(signal) {
        await using watcher = new ControlClient(controlSocket, signal);
        yield* watcher.watch();
      },
    },
    clock: systemClock,
    signal: cli.signal,
    tell: text => note(cli, `${style.dim(new Date().toISOString().slice(11, 19))}  ${text}`),
  });
  if (options.report !== undefined) {
    await writeFile(resolve(cli.cwd, options.report), `${JSON.stringify(report, null, 2)}\n`);
  }
  if (options.json) printJson(cli, report);
  else {
    const { reportLines } = await import('../chaos/report-lines.ts');
    for (const line of reportLines(report, styleFor(cli))) print(cli, line);
  }
  cli.exit = exitOf(report);
}

function exitOf({ interrupted, nodes, steps }: ChaosReport): Cli['exit'] {
  if (interrupted) return 'interrupted';
  const restless = nodes.some(({ settledAfter }) => settledAfter === undefined);
  const impossible = steps.some(({ problems }) => Object.keys(problems).length > 0);
  return restless || impossible ? 'failed' : 'ok';
}

function stepsText(steps: Scenario['steps']): string {
  const kinds = new Set(steps.map(({ fault }) => fault.kind));
  return `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}: ${[...kinds].join(', ')}`;
}
