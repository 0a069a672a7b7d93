import type { LabDefinition } from '../../src/lab/definition.ts';
import { type LabFileResult, parseLabFile } from '../../src/lab/lab-file.ts';
import type { LabFileSources } from '../../src/lab/secret.ts';

/** Sources with nothing in them but what a test puts there. */
export function sources(
  env: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
): LabFileSources {
  return {
    env,
    readFile: path => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
  };
}

/** Reads a lab file's text as `lab.yaml`. */
export function parse(text: string, from = sources()): LabFileResult {
  return parseLabFile(text, '/labs/lab.yaml', from);
}

/** The definition that a text gives. */
export function definitionOf(text: string, from = sources()): LabDefinition {
  const result = parse(text, from);
  if (!result.ok) throw new Error(linesOf(result).join('\n'));
  return result.definition;
}

/** What is wrong with a text, as the user sees it. */
export function linesOf(result: LabFileResult): readonly string[] {
  if (result.ok) return [];
  return result.problems.map(({ line, column, text }) => `lab.yaml:${line}:${column}: ${text}`);
}
