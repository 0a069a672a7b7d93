import { QuintupleoError } from '../support/errors.ts';

/** Where something stands in a lab file: keys and indices from its root. */
export type Path = readonly (string | number)[];

/** Something wrong at one place of a lab file. Line and column count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** What is wrong and what to do about it: `message. Remedy.` */
  readonly text: string;
}

/** Takes a problem with what stands at `path`; `at` names the key itself rather than its value. */
export type Report = (path: Path, text: string, at?: 'key' | 'value') => void;

/** How many problems are shown; a file with more has one cause, not a hundred. */
const shownProblems = 50;

/** A lab file that cannot be used, with everything that is wrong with it. */
export class LabFileError extends QuintupleoError {
  readonly problems: readonly Problem[];

  /** @param file - the file's name as the user gave it */
  constructor(file: string, problems: readonly Problem[]) {
    super(formatProblems(file, problems), { family: 'config', code: 'LAB_FILE_INVALID' });
    this.problems = problems;
  }
}

function formatProblems(file: string, problems: readonly Problem[]): string {
  const lines = problems
    .slice(0, shownProblems)
    .map(problem => `${file}:${problem.line}:${problem.column}: ${problem.text}`);
  const more = problems.length - lines.length;
  return [...lines, ...(more > 0 ? [`… and ${more} more problems.`] : [])].join('\n');
}
