import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  findProcesses,
  isRunning,
  killProcess,
  parseProcessStatus,
  processStatus,
} from '../../src/host/processes.ts';
import { systemClock } from '../../src/support/clock.ts';

describe('process status', () => {
  // utime 100 and stime 20 are fields 14 and 15, starttime 4711 is field 22.
  const fields = '1 10 10 0 -1 4194304 1 2 3 4 100 20 0 0 20 0 1 0 4711 0 0';

  test('is read whatever the process is called', () => {
    for (const name of ['qemu', 'a b', ') S 1 (']) {
      expect(parseProcessStatus(`10 (${name}) S ${fields}`)).toEqual({ ticks: 120, startTime: 4711 });
    }
  });

  test('one that has ended and waits to be collected does not run', () => {
    expect(parseProcessStatus(`10 (qemu) Z ${fields}`)).toBeUndefined();
  });
});

describe('processes', () => {
  test('are found by an argument of theirs', async () => {
    const child = spawn('sleep', ['61.0451']);
    await once(child, 'spawn');
    const found = await findProcesses(argv => (argv[1] === '61.0451' ? 'it' : undefined));
    expect(found.get('it')?.pid).toBe(child.pid);
    child.kill();
  });

  test('are killed, and seen to be gone', async () => {
    const child = spawn('sleep', ['61']);
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const identity = { pid, startTime: (await processStatus(pid))?.startTime ?? 0 };
    expect(await isRunning(identity)).toBe(true);
    expect(await killProcess(identity, systemClock)).toBe(true);
    expect(await isRunning(identity)).toBe(false);
  });

  test('a stranger that has got the process ID is left alone', async () => {
    const child = spawn('sleep', ['61']);
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    expect(await killProcess({ pid, startTime: 1 }, systemClock)).toBe(true);
    expect(await processStatus(pid)).toBeDefined();
    child.kill();
  });
});
