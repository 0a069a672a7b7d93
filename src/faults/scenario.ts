import * as z from 'zod';
import { QuintupleoError } from '../support/errors.ts';
import { chanceAt } from './chance.ts';
import { type Fault, faultSchema, isOfLab } from './fault.ts';
import { milliseconds, whole } from './parts.ts';

/** A course of faults, as a file describes it. */

const day = 24 * 3_600_000;

const nodeChoice = z.union(
  [
    z.string().min(1),
    z.array(z.string().min(1)).min(1),
    z.strictObject({ random: whole(1, 1000).meta({ description: 'So many, chosen by chance.' }) }),
  ],
  { error: 'must be names of nodes, patterns such as worker-*, or {random: 2}.' },
);

const stepSchema = z.strictObject({
  at: milliseconds(0, day).default(0).meta({ description: 'When it begins, from the beginning of the run.' }),
  for: milliseconds(1, day).optional().meta({ description: 'How long. Default: until the scenario ends.' }),
  nodes: nodeChoice.optional().meta({ description: 'Which nodes. Default: all.' }),
  fault: faultSchema,
});

const text = (error: string) => z.string({ error }).trim().min(1, { error });

/** A scenario's file. */
export const scenarioSchema = z
  .strictObject({
    name: text('must be a short name.').meta({ description: 'What it is called.' }),
    description: z
      .string()
      .default('')
      .meta({ description: 'What an operator sees, and how a good tool copes.' }),
    seed: whole(0, 2 ** 31 - 1)
      .default(1)
      .meta({ description: 'What chance depends on. Default: `1`.' }),
    steps: z
      .array(stepSchema)
      .min(1, { error: 'has no step. Add one: - fault: {kind: bmc-unreachable}.' })
      .max(1000, { error: 'has more than 1000 steps.' })
      .meta({ description: 'What is made wrong, and when.' }),
    until: milliseconds(1, day).optional().meta({
      description: 'When all is lifted. Default: when the last step is over.',
    }),
    settle: milliseconds(0, day).default(60_000).meta({
      description: 'How long to wait afterwards until no node is in a transition. Default: `60s`.',
    }),
  })
  .superRefine(({ steps, until }, context) => {
    for (const [index, step] of steps.entries()) {
      if (step.for === undefined && until === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['steps', index],
          message: 'has no end. Give it "for", or the scenario "until".',
        });
      }
      if (until !== undefined && step.at >= until) {
        context.addIssue({
          code: 'custom',
          path: ['steps', index, 'at'],
          message: 'is not before the end of the scenario, "until".',
        });
      }
    }
  })
  .meta({ title: 'scenario', description: 'A course of faults.' });

/** A scenario. Times are in milliseconds. */
export type Scenario = z.output<typeof scenarioSchema>;

/** A step of a scenario, for the nodes of a lab. */
export interface PlannedStep {
  readonly fault: Fault;
  /** Names; `undefined` for a fault of the lab as a whole. */
  readonly nodes: readonly string[] | undefined;
  /** From the beginning of the run. */
  readonly at: number;
  readonly until: number;
  readonly seed: number;
}

/** A scenario for the nodes of a lab. */
export interface ScenarioPlan {
  readonly name: string;
  readonly seed: number;
  /** In the order in which they begin. */
  readonly steps: readonly PlannedStep[];
  /** Those that its faults concern. */
  readonly nodes: readonly string[];
  /** When all is lifted, from the beginning of the run. */
  readonly end: number;
  /** How long nodes are given to settle afterwards. */
  readonly settle: number;
}

/**
 * What a scenario does with a lab; by the same seed, always the same.
 * @param nodes - the lab's, by name
 * @param seed - in place of the scenario's own
 * @throws QuintupleoError `SCENARIO_WITHOUT_NODES`
 */
export function planScenario(
  scenario: Scenario,
  nodes: readonly string[],
  seed: number = scenario.seed,
): ScenarioPlan {
  const { name, until, settle } = scenario;
  const planned = scenario.steps.map(({ at, for: duration, nodes: choice, fault }, index): PlannedStep => {
    const own = duration === undefined ? Number.POSITIVE_INFINITY : at + duration;
    return {
      fault,
      nodes: isOfLab(fault.kind) ? undefined : choose(choice, nodes, seed, index),
      at,
      until: Math.min(own, until ?? Number.POSITIVE_INFINITY),
      seed: (seed + index) % 2 ** 31,
    };
  });
  const steps = planned.sort((one, other) => one.at - other.at);
  const chosen = new Set(steps.flatMap(step => step.nodes ?? nodes));
  return {
    name,
    seed,
    steps,
    nodes: [...chosen],
    end: until ?? Math.max(...steps.map(step => step.until)),
    settle,
  };
}

type NodeChoice = Scenario['steps'][number]['nodes'];

function choose(choice: NodeChoice, nodes: readonly string[], seed: number, step: number): readonly string[] {
  if (choice === undefined) return nodes;
  if (typeof choice === 'object' && 'random' in choice) {
    const chance = chanceAt(seed, `step ${step}`);
    const drawn = nodes.map(node => ({ node, lot: chance() })).sort((one, other) => one.lot - other.lot);
    const chosen = new Set(drawn.slice(0, choice.random).map(({ node }) => node));
    return nodes.filter(node => chosen.has(node));
  }
  const patterns = typeof choice === 'string' ? [choice] : choice;
  for (const pattern of patterns) {
    if (nodes.some(node => matchesPattern(pattern, node))) continue;
    throw new QuintupleoError(`step ${step + 1}: the lab has no node ${pattern}`, {
      family: 'user',
      code: 'SCENARIO_WITHOUT_NODES',
      remedy: `It has ${nodes.slice(0, 8).join(', ') || 'none'}.`,
    });
  }
  return nodes.filter(node => patterns.some(pattern => matchesPattern(pattern, node)));
}

/** Whether a name is that of a pattern, in which `*` stands for anything. */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
