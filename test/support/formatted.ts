import { execFileSync } from 'node:child_process';

/** A generated file's text as the formatter leaves it. */
export function formatted(path: string, text: string): string {
  const args = ['format', `--stdin-file-path=${path}`];
  return execFileSync('node_modules/.bin/biome', args, { input: text, encoding: 'utf8' });
}
