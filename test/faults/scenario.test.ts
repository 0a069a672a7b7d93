import { describe, expect, test } from 'vitest';
import { planScenario, scenarioSchema } from '../../src/faults/scenario.ts';

const nodes = ['ctl-0', 'wk-0', 'wk-1', 'wk-2'];
const unreachable = { kind: 'bmc-unreachable' };

const read = (steps: readonly unknown[], more: object = {}) =>
  scenarioSchema.parse({ name: 'test', steps, ...more });

const problemsOf = (content: unknown) =>
  scenarioSchema.safeParse(content).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('a scenario', () => {
  test('is planned in the order of time, and ends with its last step', () => {
    const scenario = read([
      { at: '10s', for: '5s', fault: unreachable, nodes: 'ctl-0' },
      { for: '2s', fault: { kind: 'bmc-slow', delay: '1s' }, nodes: ['wk-*'] },
    ]);
    const { steps, end, seed } = planScenario(scenario, nodes);
    expect(steps).toMatchObject([
      { at: 0, until: 2000, nodes: ['wk-0', 'wk-1', 'wk-2'], fault: { kind: 'bmc-slow', delay: 1000 } },
      { at: 10_000, until: 15_000, nodes: ['ctl-0'] },
    ]);
    expect({ end, seed }).toEqual({ end: 15_000, seed: 1 });
  });

  test('has seeds for all of its steps, however large its own is', () => {
    const step = { for: '1s', fault: unreachable };
    const { steps } = planScenario(read([step, step], { seed: 2 ** 31 - 1 }), nodes);
    expect(steps.map(({ seed }) => seed)).toEqual([2 ** 31 - 1, 0]);
  });

  test('lifts all when it ends', () => {
    const scenario = read([{ fault: unreachable }, { at: '50s', for: '50s', fault: unreachable }], {
      until: '1min',
    });
    const { steps, end } = planScenario(scenario, nodes);
    expect(steps.map(({ until }) => until)).toEqual([60_000, 60_000]);
    expect(end).toBe(60_000);
  });

  test('chooses nodes by chance, and by the same seed the same ones', () => {
    const scenario = read([{ for: '1s', nodes: { random: 2 }, fault: unreachable }]);
    const chosen = (seed: number) => planScenario(scenario, nodes, seed).steps[0]?.nodes;
    expect(chosen(1)).toEqual(chosen(1));
    expect(chosen(1)).toHaveLength(2);
    expect(new Set(Array.from({ length: 20 }, (_, seed) => String(chosen(seed)))).size).toBeGreaterThan(3);
    const all = read([{ for: '1s', nodes: { random: 9 }, fault: unreachable }]);
    expect(planScenario(all, nodes).steps[0]?.nodes).toEqual(nodes);
  });

  test('of the cloud is of no node', () => {
    const scenario = read([{ for: '1s', fault: { kind: 'cloud-errors' } }]);
    expect(planScenario(scenario, nodes).steps[0]?.nodes).toBeUndefined();
  });

  test('names nodes that the lab has', () => {
    const scenario = read([{ for: '1s', nodes: ['ctl-0', 'gpu-*'], fault: unreachable }]);
    expect(() => planScenario(scenario, nodes)).toThrow('step 1: the lab has no node gpu-*');
    const dotted = read([{ for: '1s', nodes: 'wk.0', fault: unreachable }]);
    expect(() => planScenario(dotted, nodes)).toThrow('no node wk.0');
  });

  test('says what is wrong with it', () => {
    expect(problemsOf({ name: 'x', steps: [{ fault: unreachable }] })).toEqual([
      'steps.0: has no end. Give it "for", or the scenario "until".',
    ]);
    expect(problemsOf({ name: 'x', until: '5s', steps: [{ at: '5s', fault: unreachable }] })).toEqual([
      'steps.0.at: is not before the end of the scenario, "until".',
    ]);
    expect(problemsOf({ name: 'x', steps: [] })).toEqual([
      'steps: has no step. Add one: - fault: {kind: bmc-unreachable}.',
    ]);
    expect(problemsOf({ name: ' ', steps: [{ for: '1s', fault: { kind: 'nonsense' } }] })).toEqual([
      'name: must be a short name.',
      'steps.0.fault.kind: is no kind of fault.',
    ]);
  });
});
