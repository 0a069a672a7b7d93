import { systemCodeOf } from '../support/errors.ts';
import type { Path, Report } from './problem.ts';
import type { DocumentContent, SecretContent } from './schema-parts.ts';

/** What a lab file may draw on besides its own text. */
export interface LabFileSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Reads a small text file.
   * @param path - relative to the lab file's folder, or absolute
   * @param longest - bytes; more is certainly the wrong file
   * @throws the system's error, or one that says that it is too large
   */
  readFile(path: string, longest: number): string;
}

/** The largest secret that is read from a file, in bytes. */
const longestSecret = 4096;

/**
 * The text of a secret, or `undefined` if it cannot be had; then the reason is reported. No message holds the secret.
 * @param name - the key, for messages
 */
export function readSecret(
  content: SecretContent,
  name: string,
  path: Path,
  sources: LabFileSources,
  report: Report,
): string | undefined {
  if (typeof content === 'string') return content;
  if ('env' in content) {
    const value = sources.env[content.env];
    if (value === undefined || value === '') {
      const state = value === undefined ? 'not set' : 'empty';
      report(
        [...path, 'env'],
        `${name}: the environment variable ${content.env} is ${state}. Export it, or leave the key away.`,
      );
      return undefined;
    }
    return value;
  }
  return readSource(content.file, name, [...path, 'file'], longestSecret, sources, report)?.replace(
    /\r?\n$/,
    '',
  );
}

/**
 * A text, or that of the file which the content names; `undefined` if it cannot be had, and then the reason is reported.
 * @param name - the key, for messages
 * @param longest - bytes
 */
export function readDocument(
  content: DocumentContent,
  name: string,
  path: Path,
  longest: number,
  sources: LabFileSources,
  report: Report,
): string | undefined {
  if (typeof content !== 'string') {
    return readSource(content.file, name, [...path, 'file'], longest, sources, report);
  }
  const bytes = Buffer.byteLength(content);
  if (bytes > longest) report(path, `${name} has ${bytes} bytes. There is room for ${longest}; shorten it.`);
  return content;
}

function readSource(
  file: string,
  name: string,
  path: Path,
  longest: number,
  sources: LabFileSources,
  report: Report,
): string | undefined {
  try {
    return sources.readFile(file, longest);
  } catch (error) {
    const remedy = 'Make the file, or correct its path, which is relative to the lab file.';
    report(path, `${name}: ${JSON.stringify(file)} cannot be read: ${reason(error)}. ${remedy}`);
    return undefined;
  }
}

function reason(error: unknown): string {
  const code = systemCodeOf(error);
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return code ?? (error instanceof Error ? error.message : String(error));
  }
}
