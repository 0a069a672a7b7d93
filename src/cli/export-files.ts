import { readFile, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import type { LabStatus } from '../daemon/api.ts';
import { formats } from '../enrol/formats.ts';
import type { ExportFile } from '../lab/exports.ts';
import { writeFileAtomically } from '../support/document.ts';
import { messageOf, QuintupleoError, systemCodeOf } from '../support/errors.ts';
import { type Cli, note } from './cli.ts';
import type { ControlClient } from './client.ts';
import { enrolmentOf } from './enrolment.ts';
import { styleFor } from './style.ts';

/** A file that a lab file names under `export`, and what it says. */
export interface WrittenExport {
  readonly file: ExportFile;
  readonly text: string;
  readonly warnings: readonly string[];
}

/** The files that a lab's file names under `export`, as they are for the lab as it is now. */
export async function exportsOf(client: ControlClient, lab: LabStatus): Promise<readonly WrittenExport[]> {
  if (!lab.exports || lab.exports.length === 0) return [];
  const enrolment = enrolmentOf(lab, await client.credentials(lab.name));
  return lab.exports.map(file => {
    const format = formats[file.format];
    return {
      file,
      text: format.write(enrolment, file.options),
      warnings: format.warnings?.(enrolment, file.options) ?? [],
    };
  });
}

/** Writes a lab's export files. */
export async function writeExports(cli: Cli, exports: readonly WrittenExport[]): Promise<void> {
  for (const { file, text, warnings } of exports) {
    await writeExport(file.path, text);
    note(cli, `Wrote ${shown(cli, file.path)} for ${file.format}.`);
    showWarnings(cli, warnings);
  }
}

/** Removes those of a lab's export files that nobody has changed. */
export async function removeExports(cli: Cli, exports: readonly WrittenExport[]): Promise<void> {
  for (const { file, text } of exports) {
    const found = await readFile(file.path, 'utf8').catch(() => undefined);
    if (found === text) await rm(file.path, { force: true });
    else if (found !== undefined) {
      note(cli, `${shown(cli, file.path)} is not as it was written, and stays.`);
    }
  }
}

/**
 * Writes a file that only its owner may read, as a whole.
 * @throws QuintupleoError `FILE_NOT_WRITTEN`
 */
export async function writeExport(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomically(path, text);
  } catch (error) {
    const why = systemCodeOf(error) ?? messageOf(error);
    throw new QuintupleoError(`${path} cannot be written: ${why}`, {
      family: 'user',
      code: 'FILE_NOT_WRITTEN',
      remedy: 'Choose another path.',
      cause: error,
    });
  }
}

/** Shows what a tool will not be able to do. */
export function showWarnings(cli: Cli, warnings: readonly string[]): void {
  for (const warning of warnings) note(cli, `${styleFor(cli, cli.err).yellow('warning')}: ${warning}`);
}

function shown(cli: Cli, path: string): string {
  const near = relative(cli.cwd, path);
  return near.startsWith('..') ? path : near;
}
