import type { ExportOptions } from '../lab/exports.ts';
import type { Enrolment } from './enrolment.ts';

/** How a lab is written down for one tool. */
export interface Format {
  /** The only ending of a file's name that the tool takes. */
  readonly ending?: string;
  /** Holds no password. */
  readonly open?: true;
  /**
   * The text that the tool reads.
   * @throws QuintupleoError `EXPORT_IMPOSSIBLE` if the tool cannot have nodes like these
   */
  write(enrolment: Enrolment, options: ExportOptions): string;
  /** What the tool will not be able to do with these nodes, and what to do about it. */
  warnings?(enrolment: Enrolment, options: ExportOptions): readonly string[];
}
