import { setMaxListeners } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createRecording, type RecordingFormat, recordingSuffix } from '../console/recording.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { type Cli, note } from './cli.ts';
import type { ControlClient } from './client.ts';

/** Milliseconds after which a console that has ended is connected anew: its daemon may be starting again. */
const connectAgainAfter = 1_000;

/** Whose console. */
export interface ConsoleOwner {
  readonly lab: string;
  readonly name: string;
}

/** How consoles are recorded. */
export interface RecordingOptions {
  /** Folder of the files: `LAB/NODE.log`. */
  readonly folder: string;
  readonly format: RecordingFormat;
}

/**
 * Records consoles to files until the user interrupts it: one file a node, from what was kept since power-on.
 * @param owners - all nodes that there are, told again when there are others
 * @returns how many were recorded
 * @throws QuintupleoError `RECORDING_EXISTS`, `RECORDING_FAILED`
 */
export async function recordConsoles(
  cli: Cli,
  client: ControlClient,
  owners: AsyncIterable<readonly ConsoleOwner[]>,
  options: RecordingOptions,
): Promise<number> {
  const stop = new AbortController();
  const signal = AbortSignal.any([cli.signal, stop.signal]);
  // Every console listens to it.
  setMaxListeners(0, signal);
  const recorded = new Map<string, Promise<void>>();
  let failure: unknown;
  try {
    for await (const all of untilAborted(owners, signal)) {
      for (const owner of all) {
        const key = `${owner.lab}/${owner.name}`;
        if (recorded.has(key)) continue;
        const recording = recordConsole(cli, client, owner, options, signal).catch((error: unknown) => {
          failure ??= error;
          stop.abort();
        });
        recorded.set(key, recording);
      }
    }
    // Nobody tells of more: those that there are go on.
    await Promise.all(recorded.values());
  } finally {
    stop.abort();
    await Promise.all(recorded.values());
  }
  if (failure) throw failure;
  return recorded.size;
}

/** Goes on until the signal aborts, which is the way to end it. */
async function recordConsole(
  cli: Cli,
  client: ControlClient,
  { lab, name }: ConsoleOwner,
  { folder, format }: RecordingOptions,
  signal: AbortSignal,
): Promise<void> {
  const begun = Date.now();
  const recording = createRecording(format, `${lab}/${name}`, begun);
  const path = join(resolve(cli.cwd, folder), lab, `${name}${recordingSuffix[format]}`);
  await using file = await create(path);
  const write = (text: string) => (text === '' ? undefined : file.appendFile(text));
  await write(recording.begin());
  let trouble: string | undefined;
  for (let first = true; !signal.aborted; first = false) {
    try {
      const stream = await client.attach(lab, name);
      const close = () => stream.destroy();
      signal.addEventListener('abort', close, { once: true });
      try {
        trouble = undefined;
        if (!first) await write(recording.remark('connected anew: what was kept comes again', Date.now()));
        for await (const bytes of stream) await write(recording.add(bytes as Buffer, Date.now()));
      } finally {
        signal.removeEventListener('abort', close);
      }
    } catch (error) {
      if (systemCodeOf(error) === 'ENOSPC') throw error;
      const message = messageOf(error);
      if (!signal.aborted && trouble !== message) note(cli, `${lab}/${name}: ${message}; trying again.`);
      trouble = message;
    }
    await setTimeout(connectAgainAfter, undefined, { signal }).catch(() => undefined);
  }
  await write(recording.end());
}

/** Consoles may show secrets: only their owner reads the file. */
async function create(path: string) {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await open(path, 'wx', 0o600);
  } catch (error) {
    const exists = systemCodeOf(error) === 'EEXIST';
    throw new QuintupleoError(exists ? `${path} is there already` : `${path}: ${messageOf(error)}`, {
      family: 'user',
      code: exists ? 'RECORDING_EXISTS' : 'RECORDING_FAILED',
      remedy: 'Choose another folder: --output FOLDER.',
      cause: error,
    });
  }
}

/** Does not wait for the next value once the signal has aborted. */
async function* untilAborted<T>(values: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = values[Symbol.asyncIterator]();
  const aborted = new Promise<undefined>(resolve => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (!next || next.done) return;
      yield next.value;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
