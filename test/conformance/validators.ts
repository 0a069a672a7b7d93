import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/**
 * DMTF's conformance tests for Redfish services, run from checkouts that are no part of this repository. The folder
 * has one checkout each of Redfish-Service-Validator, Redfish-Protocol-Validator, Redfish-Interop-Validator,
 * Redfish-Usecase-Checkers and Redfish-Publications, and `lib`, which is Python's path to what they import.
 */
export type Validator = 'service' | 'protocol' | 'interop' | 'use cases';

/** Where a service is, and who may do everything there. */
export interface Subject {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** What a validator found. */
export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  /** What it printed. */
  readonly output: string;
}

/**
 * Runs a validator.
 * @param checkouts - the folder of the checkouts
 * @param reports - the folder that gets its reports
 * @param profile - the file of the profile that `interop` checks
 */
export async function runValidator(
  validator: Validator,
  subject: Subject,
  folders: { readonly checkouts: string; readonly reports: string; readonly profile?: string | undefined },
): Promise<Verdict> {
  await mkdir(folders.reports, { recursive: true });
  const { program, args } = commandOf(validator, subject, folders);
  const child = spawn('/usr/bin/python3', [join(folders.checkouts, program), ...args], {
    cwd: join(folders.checkouts, program, '..'),
    // Not whom the environment trusts: these services' certificates are their own.
    env: { PATH: process.env.PATH, PYTHONPATH: join(folders.checkouts, 'lib'), PYTHONWARNINGS: 'ignore' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const output = `${out}\n${err}`.replace(/\p{Cc}\[[0-9;]*m/gu, '');
  await writeFile(join(folders.reports, 'output'), output);
  return { ...countsOf(validator, output), output };
}

function commandOf(
  validator: Validator,
  { url, user, password }: Subject,
  { checkouts, reports, profile }: { checkouts: string; reports: string; profile?: string | undefined },
): { program: string; args: string[] } {
  const login = ['-u', user, '-p', password, '-r', url];
  switch (validator) {
    case 'service':
      return {
        program: 'Redfish-Service-Validator/RedfishServiceValidator.py',
        args: [
          ...login,
          ...['--authtype', 'Basic', '--logdir', reports, '--skipschema'],
          ...['--schema_directory', join(checkouts, 'Redfish-Publications/csdl')],
        ],
      };
    case 'protocol':
      return {
        program: 'Redfish-Protocol-Validator/rf_protocol_validator.py',
        args: [...login, '--report-dir', reports, '--no-cert-check', '--avoid-http-redirect'],
      };
    case 'interop':
      return {
        program: 'Redfish-Interop-Validator/RedfishInteropValidator.py',
        args: [...login, '--authtype', 'Basic', '--logdir', reports, '--no_online_profiles', profile ?? ''],
      };
    case 'use cases':
      return {
        program: 'Redfish-Usecase-Checkers/rf_use_case_checkers.py',
        args: [...login, '--report-dir', reports],
      };
  }
}

/** What a validator's summary says; without one it has not come to its end. */
function countsOf(validator: Validator, output: string): { passed: number; failed: number } {
  const patterns: Record<Validator, readonly [passed: RegExp, failed: RegExp]> = {
    service: [/^\|\s+(\d+)\s+\|(?:\s+\d+\s+\|){3}$/m, /^\|(?:\s+\d+\s+\|){2}\s+(\d+)\s+\|\s+\d+\s+\|$/m],
    protocol: [/PASS: (\d+)/, /FAIL: (\d+)/],
    interop: [/^\| Pass\s+\|\s+(\d+) \|$/m, /^\| Fail\s+\|\s+(\d+) \|$/m],
    'use cases': [/PASS: (\d+)/, /FAIL: (\d+)/],
  };
  const [passed, failed] = patterns[validator].map(pattern =>
    Number(pattern.exec(output)?.[1] ?? Number.NaN),
  );
  return { passed: passed ?? Number.NaN, failed: failed ?? Number.NaN };
}
