import type * as z from 'zod';
import { closest } from './names.ts';
import type { Path, Report } from './problem.ts';

type Issue = z.core.$ZodIssue;

/**
 * Reports what a schema found wrong, in words for the author of the file.
 * @param raw - the value that was checked
 * @param keysAt - the keys that may stand at a path, for suggestions
 */
export function reportIssues(
  issues: readonly Issue[],
  raw: unknown,
  keysAt: (path: Path) => readonly string[],
  report: Report,
): void {
  for (const issue of issues) reportIssue(issue, [], raw, keysAt, report);
}

function reportIssue(
  issue: Issue,
  base: Path,
  raw: unknown,
  keysAt: (path: Path) => readonly string[],
  report: Report,
): void {
  const path = [...base, ...issue.path.map(step => (typeof step === 'number' ? step : String(step)))];
  const value = valueAt(raw, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) {
        const known = keysAt(path);
        // Known, but not here: a key of another driver, of which the reader of the file tells.
        if (known.includes(key)) continue;
        const meant = closest(key, known);
        const remedy = meant ? `Did you mean "${meant}"?` : `Known here: ${known.join(', ')}.`;
        report([...path, key], `unknown key "${shorten(key)}". ${remedy}`, 'key');
      }
      return;
    case 'invalid_key':
      report(path, `"${shorten(String(path.at(-1)))}" ${issue.issues[0]?.message ?? issue.message}`, 'key');
      return;
    case 'invalid_union': {
      if (value === null) {
        report(path, emptyMessage(path));
        return;
      }
      const fitting = issue.errors.filter(branch => branch.every(inner => !refusesForm(inner, value)));
      const [only] = fitting;
      if (only && fitting.length === 1) {
        for (const inner of only) reportIssue(inner, path, raw, keysAt, report);
      } else if (issue.discriminator !== undefined && value === undefined) {
        report(path.slice(0, -1), `"${issue.discriminator}" is missing. Add it.`);
      } else {
        report(path, `${subject(path, value)} ${unionMessage(issue)}`);
      }
      return;
    }
    case 'invalid_value': {
      const choices = issue.values.map(String);
      const meant = typeof value === 'string' ? closest(value, choices) : undefined;
      const remedy = meant ? ` Did you mean "${meant}"?` : '';
      report(path, `${subject(path, value)} must be one of: ${choices.join(', ')}.${remedy}`);
      return;
    }
    case 'invalid_type':
      if (value === undefined) {
        report(path.slice(0, -1), `"${String(path.at(-1) ?? 'lab')}" is missing. Add it.`);
      } else if (value === null) {
        report(path, emptyMessage(path));
      } else {
        report(path, `${subject(path, value)} ${typeMessage(issue)}`);
      }
      return;
    default:
      report(path, `${subject(path, value)} ${issue.message}`);
  }
}

/** Whether an alternative of a union is out of the question for the value: text where it wants a mapping. */
function refusesForm(issue: Issue, value: unknown): boolean {
  if (issue.path.length > 0) return false;
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof value === 'object');
}

function emptyMessage(path: Path): string {
  return path.length === 0
    ? 'the file is empty. Begin it with "lab: NAME".'
    : `${subject(path, null)} is empty. Give it a value, or leave the key away.`;
}

/** Messages of our own are whole sentences; the library's own begin with `Invalid input`. */
function typeMessage(issue: Extract<Issue, { code: 'invalid_type' }>): string {
  if (!issue.message.startsWith('Invalid input')) return issue.message;
  switch (issue.expected) {
    case 'object':
    case 'record':
      return 'must be a mapping. Write its keys below it, each as "key: value".';
    case 'array':
      return 'must be a list. Begin each item with "- ".';
    case 'string':
      return 'must be text. Put it in quotes.';
    default:
      return `must be of type ${issue.expected}.`;
  }
}

function unionMessage(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  if (!issue.message.startsWith('Invalid')) return issue.message;
  return 'has the wrong form. Write the short form as text, or the long one as a mapping.';
}

/** How a message names the thing it is about: its key and, if it has a short form, its value. */
function subject(path: Path, value: unknown): string {
  const last = path.at(-1);
  const shown = isSecret(path) ? undefined : showValue(value);
  if (typeof last === 'number') {
    const item = `item ${last + 1} of ${String(path.at(-2) ?? 'the list')}`;
    return shown === undefined ? item : `${item} (${shown})`;
  }
  return [last ?? 'the file', ...(shown === undefined ? [] : [shown])].join(' ');
}

function showValue(value: unknown): string | undefined {
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Whether the value must not be shown. */
function isSecret(path: Path): boolean {
  return ['password', 'kg', 'key', 'userData', 'publicKey'].some(key => path.includes(key));
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
