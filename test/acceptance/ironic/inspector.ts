import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { configureInspector, inspectorPort } from './ironic-conf.ts';
import { Background } from './process.ts';

const run = promisify(execFile);

/**
 * ironic-inspector, the service to which an agent tells what it has found, before Ironic had that itself.
 * @param folder - of the Ironic that it works for
 * @param address - this machine's on the provisioning network
 */
export async function startInspector(folder: string, address: string): Promise<AsyncDisposable> {
  const conf = await configureInspector(folder, address);
  const log = join(folder, 'inspector.log');
  await run('/usr/bin/ironic-inspector-dbsync', ['--config-file', conf, 'upgrade'], { timeout: 120_000 });
  const process = await Background.start('/usr/bin/ironic-inspector', ['--config-file', conf], log);
  const answers = await poll(systemClock, { every: 500, within: 60_000 }, async () =>
    process.hasEnded
      ? false
      : fetch(`http://${address}:${inspectorPort}/`).then(
          () => true,
          () => undefined,
        ),
  );
  if (answers) return process;
  await process[Symbol.asyncDispose]();
  throw new Error(`ironic-inspector does not come up:\n${await readFile(log, 'utf8')}`);
}
