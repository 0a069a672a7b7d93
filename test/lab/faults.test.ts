import { describe, expect, test } from 'vitest';
import { parseLabFile } from '../../src/lab/lab-file.ts';

const read = (faults: string) =>
  parseLabFile(
    `lab: wrong\ndriver: simulated\nnodes: [{name: "wk-{index}", count: 2}, {name: ctl}]\nfaults:\n${faults}`,
    '/lab.yaml',
    { env: {}, readFile: () => '' },
  );

const problemsOf = (faults: string) => {
  const result = read(faults);
  return result.ok ? [] : result.problems.map(({ line, column, text }) => `${line}:${column}: ${text}`);
};

describe('the faults of a lab file', () => {
  test('are of the nodes that are named, or of all', () => {
    const result = read(
      '  - fault: {kind: bmc-slow, delay: 2s}\n    nodes: [wk-*]\n    for: 5min\n    seed: 7\n  - fault: {kind: wrong-password}',
    );
    expect(result.ok && result.definition.faults).toEqual([
      {
        nodes: ['wk-0', 'wk-1'],
        fault: { kind: 'bmc-slow', delay: 2000, jitter: 0 },
        duration: 300_000,
        seed: 7,
      },
      { nodes: undefined, fault: { kind: 'wrong-password' }, duration: undefined, seed: undefined },
    ]);
  });

  test.each([
    ['  - fault: {kind: bmc-slow}', '5:12: "delay" is missing. Add it.'],
    ['  - fault: {kind: bmc-unreachable}\n    nodes: [gpu-*]', '6:13: the lab has no node "gpu-*".'],
    ['  - fault: {kind: cloud-errors}', '5:19: kind "cloud-errors" is for labs of driver openstack.'],
    [
      '  - fault: {kind: sensor-over-threshold, sensor: CPU Temp, value: 300}',
      '5:67: value 300 must be from 0 to 127 °C, the range of CPU Temp.',
    ],
    ['  - nodes: [ctl]', '5:5: "fault" is missing. Add it.'],
  ])('%j is refused where it stands', (faults, problem) => {
    expect(problemsOf(faults)).toEqual([problem]);
  });
});
