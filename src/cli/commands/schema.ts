import { Command } from 'commander';
import { type Cli, printJson } from '../cli.ts';

/** `quintupleo schema`: the lab file's JSON Schema. */
export function schemaCommand(cli: Cli): Command {
  return new Command('schema')
    .summary("print the lab file's JSON Schema")
    .description("Prints the lab file's JSON Schema, with which editors complete and check it.")
    .addHelpText('after', '\nExample:\n  quintupleo schema > lab.schema.json')
    .action(async () => {
      const { labFileJsonSchema } = await import('../../lab/schema.ts');
      printJson(cli, labFileJsonSchema());
    });
}
