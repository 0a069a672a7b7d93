import { systemCodeOf } from '../support/errors.ts';
import type { Path, Report } from './problem.ts';
import type { SecretContent } from './schema.ts';

/** What a lab file may draw on besides its own text. */
export interface LabFileSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Reads a small text file.
   * @param path - relative to the lab file's folder, or absolute
   * @throws the system's error
   */
  readFile(path: string): string;
}

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
  try {
    return sources.readFile(content.file).replace(/\r?\n$/, '');
  } catch (error) {
    const remedy = 'Make the file, or correct its path, which is relative to the lab file.';
    report(
      [...path, 'file'],
      `${name}: ${JSON.stringify(content.file)} cannot be read: ${reason(error)}. ${remedy}`,
    );
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
