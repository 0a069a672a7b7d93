import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ProcessIdentity, processStatus } from '../../host/processes.ts';
import { lastLine, missingProgram, programEnvironment, run } from '../../host/programs.ts';
import type { Clock } from '../../support/clock.ts';
import { delay } from '../../support/delay.ts';
import { systemCodeOf } from '../../support/errors.ts';
import { serialId } from './command-line.ts';
import type { MachinePaths } from './layout.ts';
import { QmpClient, QmpError, type QmpEvent } from './qmp.ts';

/** How long a QEMU that has just been started may take until it listens. Milliseconds. */
const startTime = 30_000;

/**
 * Makes room for what the next QEMU of a machine leaves behind; what its last one wrote is kept once more.
 * @param console - whether the machine's console begins anew, or goes on as across a reset
 */
export async function clearRunFiles(paths: MachinePaths, console: 'anew' | 'goes-on'): Promise<void> {
  await mkdir(dirname(paths.qmpSocket), { recursive: true, mode: 0o700 });
  if (console === 'anew') await keepAside(paths.serialLog);
  await keepAside(paths.qemuLog);
  const { resetLog, pidfile, qmpSocket, vncSocket, serialInput } = paths;
  for (const path of [resetLog, pidfile, qmpSocket, vncSocket, serialInput]) {
    await rm(path, { force: true });
  }
  // QEMU would make it readable for others.
  await writeFile(paths.serialLog, '', { mode: 0o600, flag: 'a' });
  await run('mkfifo', ['--mode=600', paths.serialInput]);
}

async function keepAside(path: string): Promise<void> {
  try {
    await rename(path, `${path}.1`);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * Starts a QEMU that needs nobody: in a process group of its own, with its output in a file.
 * @throws QuintupleoError `PROGRAM_MISSING`
 */
export async function launch(args: readonly string[], paths: MachinePaths): Promise<ProcessIdentity> {
  const log = await open(paths.qemuLog, 'a', 0o600);
  const input = await open(paths.serialInput, constants.O_RDWR);
  try {
    const child = spawn('qemu-system-x86_64', args, {
      cwd: paths.folder,
      detached: true,
      env: { ...process.env, ...programEnvironment },
      stdio: ['ignore', log.fd, log.fd, input.fd],
    });
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw systemCodeOf(error) === 'ENOENT' ? missingProgram('qemu-system-x86_64', error) : error;
    }
    child.unref();
    // An error after this is one of sending signals, which is not done through this object.
    child.on('error', () => undefined);
    const pid = child.pid ?? 0;
    return { pid, startTime: (await processStatus(pid))?.startTime ?? 0 };
  } finally {
    await log.close();
    await input.close();
  }
}

/**
 * Connects a machine's serial port to its log and its FIFO, before it runs. A socket would not do: QEMU logs a byte
 * again when a socket that is full takes it at the second try.
 */
export async function connectSerial(
  qmp: QmpClient,
  paths: MachinePaths,
  signal?: AbortSignal,
): Promise<void> {
  // QEMU has inherited the FIFO for reading and writing, so that it never sees its end, whoever comes and goes.
  const data = { out: paths.serialLog, in: '/proc/self/fd/3', append: true };
  await qmp.execute('chardev-change', { id: serialId, backend: { type: 'file', data } }, { signal });
}

/**
 * Connects to the QMP of a QEMU that may not listen yet.
 * @throws {@link QmpError} `closed` when it never will
 */
export async function connectWhenReady(
  paths: MachinePaths,
  parts: { clock: Clock; isAlive: () => Promise<boolean>; onEvent: (event: QmpEvent) => void },
  signal?: AbortSignal,
): Promise<QmpClient> {
  const end = parts.clock.now() + startTime;
  for (;;) {
    signal?.throwIfAborted();
    const alive = await parts.isAlive();
    try {
      return await QmpClient.connect(paths.qmpSocket, { clock: parts.clock, onEvent: parts.onEvent, signal });
    } catch (error) {
      if (!(error instanceof QmpError) || !alive || parts.clock.now() >= end) throw error;
    }
    await delay(parts.clock, 20, signal);
  }
}

/** The last thing that a machine's QEMU said. */
export async function lastWords(paths: MachinePaths): Promise<string | undefined> {
  const text = await readIfThere(paths.qemuLog);
  return lastLine(text)?.replace(/^qemu-system-x86_64: /, '');
}

/**
 * How often a machine's first processor has been reset, by QEMU's own notes: they go on while nobody looks. There are
 * two before the machine runs, and one for every reset of it.
 */
export async function countResets(paths: MachinePaths): Promise<number> {
  const text = await readIfThere(paths.resetLog);
  return text.match(/^CPU Reset \(CPU 0\)/gm)?.length ?? 0;
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
