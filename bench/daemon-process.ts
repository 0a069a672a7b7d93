import { runDaemon } from '../src/daemon/daemon.ts';
import { findPaths } from '../src/support/paths.ts';

/** The daemon as a process of its own, which cleans its heap when its parent asks. Folders are in the environment. */

const end = new AbortController();
process.on('message', () => {
  // Twice: what the first run's finalizers let go of is garbage for the second.
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.('clean');
});
process.on('disconnect', () => end.abort());

await runDaemon({
  paths: findPaths(process.env, false, '/'),
  logLevel: 'warn',
  signal: end.signal,
  idleExit: false,
  onReady: () => process.send?.('ready'),
});
process.exit();
