import type { Cli } from './cli.ts';

/** Whether an argument names a lab by its file. */
export function isLabFile(argument: string): boolean {
  return /\.ya?ml$/i.test(argument);
}

/** The lab that an argument names: a name, or a file, which names the lab in it. */
export async function labNamed(cli: Cli, argument: string): Promise<string> {
  if (!isLabFile(argument)) return argument;
  const { readLabName } = await import('../lab/lab-file.ts');
  return readLabName(argument, cli.cwd);
}
