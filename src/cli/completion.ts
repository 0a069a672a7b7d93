import type { Command } from 'commander';
import { exportFormats } from '../lab/exports.ts';

/** Words that a command takes besides names. */
const words: Readonly<Record<string, readonly string[]>> = {
  power: ['on', 'off', 'soft', 'reset', 'cycle', 'restart', 'nmi', 'status'],
  boot: ['pxe', 'disk', 'cdrom', 'bios', 'none'],
  image: ['build'],
  fault: ['kinds', 'list', 'inject', 'lift'],
  chaos: ['run', 'check'],
  export: exportFormats,
  enrol: ['ironic'],
  import: ['ovb'],
  completion: ['bash', 'zsh', 'fish'],
};

/** Commands whose arguments are names of labs or nodes. */
const takesNames = [
  'down',
  'start',
  'stop',
  'status',
  'ps',
  'power',
  'why',
  'boot',
  'console',
  'events',
  'credentials',
  'export',
  'enrol',
  'prove',
];

/** Commands whose argument is a file. */
const takesFile = ['up', 'down', 'doctor', 'import'];

/** A script for a shell that completes these commands. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', commands: readonly Command[]): string {
  const shown = commands.filter(command => command.name() !== 'complete-names');
  switch (shell) {
    case 'bash':
      return bash(shown);
    case 'zsh':
      return `#compdef quintupleo\nautoload -U +X bashcompinit && bashcompinit\n${bash(shown)}`;
    case 'fish':
      return fish(shown);
  }
}

function namesOf(commands: readonly Command[]): readonly string[] {
  return commands.flatMap(command => [command.name(), ...command.aliases()]);
}

function optionsOf(command: Command): readonly string[] {
  return [...command.options.flatMap(option => option.long ?? []), '--json', '--lab', '--id', '--help'];
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map(command => {
    const name = command.name();
    const names = takesNames.includes(name) ? ' $(quintupleo complete-names 2>/dev/null)' : '';
    const list = [...optionsOf(command), ...(words[name] ?? [])].join(' ');
    const files = takesFile.includes(name) ? `; COMPREPLY+=($(compgen -f -- "$word"))` : '';
    const pattern = [name, ...command.aliases()].join('|');
    return `    ${pattern}) COMPREPLY=($(compgen -W "${list}${names}" -- "$word"))${files} ;;`;
  });
  return `_quintupleo() {
  local word=\${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${namesOf(commands).join(' ')} --help --version" -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
}
complete -F _quintupleo quintupleo`;
}

function fish(commands: readonly Command[]): string {
  const lines = ['complete -c quintupleo -f'];
  for (const command of commands) {
    const names = [command.name(), ...command.aliases()].join(' ');
    for (const name of [command.name(), ...command.aliases()]) {
      lines.push(
        `complete -c quintupleo -n __fish_use_subcommand -a ${name} -d '${quote(command.summary())}'`,
      );
    }
    const here = `complete -c quintupleo -n '__fish_seen_subcommand_from ${names}'`;
    for (const option of command.options) {
      if (option.long) lines.push(`${here} -l ${option.long.slice(2)} -d '${quote(option.description)}'`);
    }
    if (takesNames.includes(command.name()))
      lines.push(`${here} -a '(quintupleo complete-names 2>/dev/null)'`);
    if (takesFile.includes(command.name())) lines.push(`${here} -F`);
    const own = words[command.name()];
    if (own) lines.push(`${here} -a '${own.join(' ')}'`);
  }
  return lines.join('\n');
}

/** Inside single quotes of fish. */
function quote(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
