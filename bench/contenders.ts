import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { BenchDaemon, benchLab, bmcAddress, bmcPort, createState, login } from './bench-daemon.ts';
import type { Place } from './wire.ts';

/** Something that answers IPMI in a process of its own. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly place: Place;
  /** Cipher suites that it is measured with. */
  readonly suites: readonly number[];
  /** Get Chassis Status commands of one measurement. */
  readonly commands: number;
  /** Whether it answers the commands that clients send before a session. */
  readonly beforeSession: boolean;
}

/** This project's daemon with one simulated node. */
export async function startProject(): Promise<Contender> {
  const state = await createState();
  const daemon = await BenchDaemon.start(state);
  await daemon.apply(benchLab(1));
  return {
    name: 'this project',
    pid: daemon.pid,
    place: { address: bmcAddress(1), port: bmcPort },
    suites: [3, 17],
    commands: 20_000,
    beforeSession: true,
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await state[Symbol.asyncDispose]();
    },
  };
}

/** Loopback address of a bare responder. */
export function bareAddress(index: number): string {
  return `127.99.${index >> 8}.${index & 0xff}`;
}

/**
 * The least that a Node.js program can do for a command: the limit.
 * @param count - how many responders are in the process, each with an address of its own
 */
export async function startBare(count = 1): Promise<Contender> {
  const place = { address: bareAddress(1), port: bmcPort };
  const addresses = Array.from({ length: count }, (_, at) => bareAddress(at + 1));
  const child = fork(new URL('bare-process.js', import.meta.url), [
    String(place.port),
    login.user,
    login.password,
    ...addresses,
  ]);
  await Promise.race([once(child, 'message'), failure(child)]);
  return {
    name: 'bare responder',
    pid: child.pid ?? 0,
    place,
    suites: [3, 17],
    commands: 20_000,
    beforeSession: false,
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** The peer on which VirtualBMC and openstackbmc are built. Debian's python3-pyghmi; knows suite 3 only. */
export async function startPyghmi(): Promise<Contender> {
  const place = { address: '127.98.0.1', port: bmcPort };
  const script = new URL('../../bench/pyghmi-bmc.py', import.meta.url).pathname;
  const child = spawn(
    '/usr/bin/python3',
    [script, place.address, String(place.port), login.user, login.password],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await Promise.race([once(child.stdout, 'data'), failure(child)]);
  return {
    name: 'pyghmi BMC',
    pid: child.pid ?? 0,
    place,
    suites: [3],
    commands: 5_000,
    beforeSession: true,
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function failure(child: ChildProcess): Promise<never> {
  await once(child, 'exit');
  throw new Error(`${child.spawnargs.join(' ')} ended`);
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
