import type { CloudCalls, DaemonStatus } from '../daemon/api.ts';
import type { Cli } from './cli.ts';
import { styleFor } from './style.ts';
import { table } from './table.ts';

/**
 * The daemon for people: since when it runs, how often it called clouds, and what it answered.
 * @param now - milliseconds since the epoch
 */
export function daemonLines(cli: Cli, status: DaemonStatus, now: number): string[] {
  const style = styleFor(cli);
  const { version, pid, startedAt, stateDirectory, cloudCalls, bootFetches, dropped } = status;
  const minutes = Math.max((now - startedAt) / 60_000, 1 / 60);
  const since = new Date(startedAt).toISOString().replace('T', ' ').replace(/\..*/, 'Z');
  const sections = [
    ['calls of clouds', callLines(cloudCalls, minutes)],
    ['answers of the boot director', fetchLines(bootFetches)],
    ['datagrams dropped by BMCs', table(['REASON', 'COUNT'], Object.entries(dropped).map(countRow))],
  ] as const;
  return [
    `${style.bold('daemon')}  version ${version}, process ${pid}, since ${since}, ${stateDirectory}`,
    ...sections.flatMap(([title, lines]) => (lines.length === 0 ? [] : ['', style.dim(title), ...lines])),
  ];
}

/** A line for each reason to call a service, the most frequent first. */
function callLines(calls: readonly CloudCalls[], minutes: number): readonly string[] {
  const rows = new Map<string, { names: readonly string[]; count: number; failed: number }>();
  for (const { cloud, service, reason, status, count } of calls) {
    const names = [cloud, service, reason];
    const key = names.join(' ');
    const row = rows.get(key) ?? { names, count: 0, failed: 0 };
    row.count += count;
    if (!/^[23]/.test(status)) row.failed += count;
    rows.set(key, row);
  }
  return table(
    ['CLOUD', 'SERVICE', 'REASON', 'CALLS', 'A MINUTE', 'FAILED'],
    [...rows.values()]
      .sort((one, other) => other.count - one.count)
      .map(({ names, count, failed }) => [
        ...names,
        `${count}`,
        (count / minutes).toFixed(1),
        failed === 0 ? '-' : `${failed}`,
      ]),
  );
}

function fetchLines(fetches: DaemonStatus['bootFetches']): readonly string[] {
  return table(
    ['ASKED', 'ANSWER', 'STATUS', 'COUNT'],
    fetches.map(({ what, answer, status, count }) => [what, answer ?? '-', `${status}`, `${count}`]),
  );
}

function countRow([name, count]: [string, number]): string[] {
  return [name, `${count}`];
}
