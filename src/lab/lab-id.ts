import { QuintupleoError } from '../support/errors.ts';
import { limits } from './limits.ts';
import { labelPattern } from './names.ts';

/**
 * The name of one of the labs that are made of one file: `NAME-ID`. Without an ID it is the file's own.
 * @throws QuintupleoError `LAB_ID_INVALID`
 */
export function withId(name: string, id: string | undefined): string {
  if (id === undefined) return name;
  const invalid = (message: string, remedy: string) =>
    new QuintupleoError(message, { family: 'user', code: 'LAB_ID_INVALID', remedy });
  if (!labelPattern.test(id)) {
    throw invalid(
      `--id ${JSON.stringify(id)} cannot be part of a name`,
      'Use lower-case letters, digits and hyphens, with a letter or digit at both ends.',
    );
  }
  const whole = `${name}-${id}`;
  if (whole.length <= limits.labName) return whole;
  const room = limits.labName - name.length - 1;
  throw invalid(
    `the lab's name would be ${whole}, which has ${whole.length} characters, and there is room for ${limits.labName}`,
    room > 0
      ? `Use an ID of at most ${room} characters, or a shorter name in the file.`
      : 'Use a shorter name in the file.',
  );
}
