import type { Cli } from './cli.ts';

/** Whether an argument names a lab by its file. */
export function isLabFile(argument: string): boolean {
  return /\.ya?ml$/i.test(argument);
}

/**
 * The lab that an argument names: a name, or a file, which names the lab in it.
 * @param id - of which of the labs that are made of that file
 */
export async function labNamed(cli: Cli, argument: string, id: string | undefined): Promise<string> {
  if (isLabFile(argument)) {
    const { readLabName } = await import('../lab/lab-file.ts');
    return readLabName(argument, cli.cwd, id);
  }
  const { withId } = await import('../lab/lab-id.ts');
  return withId(argument, id);
}
