import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import { version } from '../support/version.ts';
import { type Cli, note } from './cli.ts';
import { ControlClient } from './client.ts';

/** How long a daemon may take to answer after it was started, and how often it is asked, in milliseconds. */
const startTimeout = 30_000;
const startInterval = 50;
const shownLogLines = 15;

/**
 * A client of the daemon, which is started in the background if none answers.
 * @throws QuintupleoError `DAEMON_DID_NOT_START`
 */
export async function connectOrStart(cli: Cli): Promise<ControlClient> {
  const client = new ControlClient(cli.paths().controlSocket, cli.signal);
  try {
    const status = await client.daemon().catch(notRunning);
    if (status === undefined) await start(cli, client);
    else if (status.version !== version) {
      const remedy = `"${cli.program} quit" ends it, and this command then starts the new one. Labs stay as they are.`;
      note(cli, `warning: the daemon is version ${status.version}, this is ${version}. ${remedy}`);
    }
    return client;
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

/** Turns the error of a daemon that does not run into `undefined`; throws any other. */
export function notRunning(error: unknown): undefined {
  const cause = error instanceof QuintupleoError ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
  throw error;
}

async function start(cli: Cli, client: ControlClient): Promise<void> {
  const { stateDirectory, daemonLog } = cli.paths();
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw didNotStart(`${stateDirectory} cannot be made: ${messageOf(error)}`, 'Set QUINTUPLEO_STATE_DIR.');
  });
  const log = await open(daemonLog, 'a', 0o600);
  const child = spawn(process.execPath, [cli.entry, 'serve', '--idle-exit'], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    cwd: '/',
    env: { ...cli.env },
  });
  let ended: string | undefined;
  child.on('error', error => {
    ended = error.message;
  });
  child.on('exit', (status, signal) => {
    ended = signal ? `it was ended by ${signal}` : `it ended with status ${status}`;
  });
  child.unref();
  await log.close();
  let deadline = performance.now() + startTimeout;
  while (performance.now() < deadline) {
    if (await client.daemon().catch(notRunning)) return;
    // One that ended at once may have found another one that is about to answer.
    if (ended !== undefined) deadline = Math.min(deadline, performance.now() + startInterval * 20);
    await delay(startInterval, undefined, { signal: cli.signal }).catch(() => cli.signal.throwIfAborted());
  }
  const why = ended ?? `it did not answer within ${startTimeout / 1000} s`;
  const lines = (await readFile(daemonLog, 'utf8')).trimEnd().split('\n').slice(-shownLogLines);
  const said = `The last lines of ${daemonLog}:\n${lines.join('\n')}`;
  throw didNotStart(why, `Run "${cli.program} doctor". ${said}`);
}

function didNotStart(why: string, remedy: string): QuintupleoError {
  return new QuintupleoError(`the daemon did not start: ${why}`, {
    family: 'platform',
    code: 'DAEMON_DID_NOT_START',
    remedy,
  });
}
