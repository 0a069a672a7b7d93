import type { Command, Option } from 'commander';
import { exitCodes } from './exit-codes.ts';

const environment: readonly (readonly [name: string, meaning: string])[] = [
  [
    'QUINTUPLEO_STATE_DIR',
    'What labs and BMCs remember. Default: `/var/lib/quintupleo` for root, else `$XDG_STATE_HOME/quintupleo`.',
  ],
  [
    'QUINTUPLEO_RUNTIME_DIR',
    'Sockets. Default: `/run/quintupleo` for root, else `$XDG_RUNTIME_DIR/quintupleo`.',
  ],
  [
    'QUINTUPLEO_CACHE_DIR',
    'What can be made again. Default: `/var/cache/quintupleo` for root, else `$XDG_CACHE_HOME/quintupleo`.',
  ],
  ['NO_COLOR', 'Any value: no colours. Without a terminal there are none either.'],
];

/** The command line's reference, as Markdown. */
export function cliDocs(program: Command): string {
  const commands = program.commands.filter(command => command.name() !== 'complete-names');
  const codes = Object.values(exitCodes).map(({ status, meaning }) => `| ${status} | ${meaning} |`);
  const variables = environment.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return `# The command line

\`NODE\` is the name of a node, or \`LAB/NODE\`; \`--lab\` tells which lab is meant where the name alone does not.
Answers go to standard output, and everything else (progress, hints, errors) to standard error.
This page is made from the program by \`scripts/generate-docs.js\`.

| command | does |
|---|---|
${commands.map(command => `| [\`${command.name()}\`](#quintupleo-${command.name()}) | ${command.summary()} |`).join('\n')}

Every command takes:

${optionTable(program.options)}

With \`--json\`, \`up\` and \`down\` print a JSON value a line as they go on, every other command prints one value, and an
error is \`{"error": {"code", "message", "remedy"}}\` on standard error.

${commands.map(commandDocs).join('\n')}
## Exit codes

| code | meaning |
|---|---|
${codes.join('\n')}

## Environment

| variable | meaning |
|---|---|
${variables.join('\n')}
`;
}

function commandDocs(command: Command): string {
  const aliases = command.aliases().map(alias => `\`${alias}\``);
  const also = aliases.length > 0 ? `\n\nAlso called ${aliases.join(', ')}.` : '';
  const words = command.registeredArguments.map(argument => {
    const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
    return `| \`${name}\` | ${argument.description} |`;
  });
  const arguments_ = words.length > 0 ? `| argument | meaning |\n|---|---|\n${words.join('\n')}\n\n` : '';
  const options = command.options.length > 0 ? `${optionTable(command.options)}\n\n` : '';
  const usage = `quintupleo ${command.name()} ${command.usage()}`;
  return `## quintupleo ${command.name()}

${command.description()}${also}

\`\`\`sh
${usage}
\`\`\`

${arguments_}${options}`;
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map(({ flags, description, defaultValue }) => {
    const fallback = typeof defaultValue === 'string' ? ` Default: \`${defaultValue}\`.` : '';
    return `| \`${flags}\` | ${description}${fallback && `.${fallback}`} |`;
  });
  return `| option | meaning |\n|---|---|\n${rows.join('\n')}`;
}
