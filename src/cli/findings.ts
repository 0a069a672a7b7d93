import type { Finding } from '../support/finding.ts';
import { type Cli, print, printJson } from './cli.ts';
import { styleFor } from './style.ts';

/** A finding for people: what was looked at, and what to do about it. */
export function printFinding(cli: Cli, finding: Finding): void {
  const style = styleFor(cli);
  const marks = { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('fail') };
  print(cli, `${marks[finding.result]}  ${finding.check}: ${finding.message}`);
  if (finding.remedy !== undefined) print(cli, `      ${style.dim(finding.remedy)}`);
}

/** Findings for programs. */
export function printFindingsJson(cli: Cli, findings: readonly Finding[]): void {
  printJson(
    cli,
    findings.map(finding => ({ ...finding, remedy: finding.remedy ?? null })),
  );
}
