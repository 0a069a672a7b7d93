import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Happenings } from '../../../src/daemon/watch/happenings.ts';
import { Metrics } from '../../../src/daemon/watch/metrics.ts';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const dashboard = JSON.parse(readFileSync('examples/grafana/dashboard.json', 'utf8')) as {
  readonly panels: readonly Panel[];
};

test('the Grafana dashboard shows metrics that there are', async () => {
  const metrics = new Metrics(new Happenings(), {
    version: '1.2.3',
    ipmiCommands: () => [],
    dropped: () => ({}),
    bootFetches: () => [],
    sessions: () => ({ ipmi: 0, sol: 0, redfish: 0 }),
    nodes: () => [],
  });
  const names = new Set(await metrics.names());
  const used = dashboard.panels
    .flatMap(({ targets = [] }) => targets)
    .flatMap(({ expr }) => expr.match(/\b(quintupleo|process|nodejs)_[a-z0-9_]+/g) ?? []);
  expect(used.length).toBeGreaterThan(20);
  const unknown = used.filter(name => !names.has(name) && !names.has(name.replace(/_bucket$/, '')));
  expect(unknown).toEqual([]);
});

test('its panels are apart from each other', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const one of panels) {
    for (const other of panels) {
      if (one.id >= other.id) continue;
      const [a, b] = [one.gridPos, other.gridPos];
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      expect(apart, `${one.title} and ${other.title}`).toBe(true);
    }
  }
});
