import { QuintupleoError } from '../../../support/errors.ts';

/**
 * What is wrong with the description of a cloud.
 * @param where - file, cloud and key; never a value, which may be a secret
 */
export function configError(code: string, where: string, what: string, remedy: string): QuintupleoError {
  return new QuintupleoError(`${where}: ${what}`, { family: 'config', code, remedy });
}
