import { QuintupleoError } from '../support/errors.ts';

/** How the command line ends, for scripts. */
export const exitCodes = {
  ok: { status: 0, meaning: 'done, or nothing to do' },
  failed: { status: 1, meaning: 'it was tried and failed: a power command, a check, a node that refused' },
  usage: { status: 2, meaning: 'wrong arguments' },
  labFile: { status: 3, meaning: 'the lab file has errors' },
  notFound: { status: 4, meaning: 'no such lab or node' },
  platform: { status: 5, meaning: 'QEMU or the host refused or failed' },
  daemon: { status: 6, meaning: 'the daemon cannot be reached or started' },
  declined: { status: 7, meaning: 'not confirmed: the answer was no, or nobody could be asked' },
  bug: { status: 70, meaning: 'a bug in this program' },
  interrupted: { status: 130, meaning: 'interrupted with Ctrl-C' },
} as const;

/** Names an exit code. */
export type ExitCode = keyof typeof exitCodes;

/** Errors whose code says more than their family. */
const byCode: Readonly<Record<string, ExitCode>> = {
  USAGE: 'usage',
  LAB_NOT_FOUND: 'notFound',
  NODE_NOT_FOUND: 'notFound',
  DAEMON_UNREACHABLE: 'daemon',
  DAEMON_DID_NOT_START: 'daemon',
  DAEMON_RUNS: 'daemon',
  // A node's refusals.
  UNSUPPORTED: 'failed',
  WRONG_STATE: 'failed',
  BUSY: 'failed',
  NOT_CONFIRMED: 'declined',
  INTERRUPTED: 'interrupted',
};

/** The exit code that an error leads to. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof QuintupleoError)) return 'bug';
  const special = byCode[error.code];
  if (special) return special;
  switch (error.family) {
    case 'config':
      return 'labFile';
    case 'platform':
      return 'platform';
    case 'user':
    case 'peer':
      return 'failed';
    case 'bug':
      return 'bug';
  }
}
