/**
 * @module `ferrule completion`: what TAB offers in bash, zsh and fish, made from the very commands and options that are
 * parsed. The script stands by itself: no program is started, and nothing that was typed is evaluated, at each TAB.
 */
import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What may be completed of one command. */
interface Verb {
  readonly name: string;
  readonly about: string;
  readonly options: readonly Flag[];
  /** The values that its argument takes; empty where they cannot be listed. */
  readonly values: readonly string[];
}

interface Flag {
  readonly long: string;
  readonly short: string | undefined;
  readonly about: string;
  /** None, one of these, the name of a file, or something that only people know. */
  readonly value: 'none' | 'file' | 'any' | readonly string[];
}

export function completionScript(program: Command, shell: Shell): string {
  const verbs = program.commands.map(verbOf);
  return { bash, zsh, fish }[shell](program.name(), verbs);
}

function verbOf(command: Command): Verb {
  const help = command.createHelp();
  return {
    name: command.name(),
    about: command.description(),
    options: help.visibleOptions(command).map(flagOf),
    values: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
}

function flagOf({ long, short, flags, description, argChoices, required, optional }: Option): Flag {
  const value = !required && !optional ? 'none' : (argChoices ?? (/<(file|where)>/.test(flags) ? 'file' : 'any'));
  return { long: long ?? '', short: short ?? undefined, about: description, value };
}

function bash(program: string, verbs: readonly Verb[]): string {
  const names = verbs.map(({ name }) => name);
  const values = verbs.flatMap(({ name, options, values: own }) => [
    ...options.flatMap(({ long, value }) => {
      const pattern = `${name}:${long}`;
      if (value === 'none') return [];
      if (value === 'file') return [`    ${pattern}) __${program}_files; return ;;`];
      return [`    ${pattern}) words='${value === 'any' ? '' : value.join(' ')}' ;;`];
    }),
    `    ${name}:*) words='${[...own, ...options.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]))].join(' ')}' ;;`,
  ]);
  return `# TAB for ${program} in bash: eval "$(${program} completion bash)"
__${program}_files() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -f -- "$current"))
  type compopt >/dev/null 2>&1 && compopt -o filenames
}
__${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb= words= i
  # --option=value comes as three words
  if [[ $current == = ]]; then current=
  elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in ${names.join('|')}) verb=\${COMP_WORDS[i]}; break ;; esac
  done
  case $verb:$previous in
    :*) words='${names.join(' ')} --help --version' ;;
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F __${program} ${program}
`;
}

function zsh(program: string, verbs: readonly Verb[]): string {
  const text = (about: string): string => about.replaceAll(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");
  const spec = ({ long, short, about, value }: Flag): string => {
    const names =
      short === undefined
        ? `'${/repeatable/.test(about) ? '*' : ''}${long}`
        : `'(${short} ${long})'{${short},${long}}'`;
    const action =
      value === 'none'
        ? ''
        : value === 'file'
          ? ':file:_files'
          : value === 'any'
            ? ':value: '
            : `:value:(${value.join(' ')})`;
    return `${names}[${text(about)}]${action}'`;
  };
  const cases = verbs.map(
    ({ name, options, values }) =>
      `    ${name}) _arguments -S : ${[...options.map(spec), values.length > 0 ? `'1:value:(${values.join(' ')})'` : `'*:target: '`].join(' \\\n      ')} ;;`,
  );
  return `#compdef ${program}
# TAB for ${program} in zsh: eval "$(${program} completion zsh)", or this text as _${program} in a folder of $fpath
__${program}() {
  local verb
  local -a verbs=(
${verbs.map(({ name, about }) => `    '${name}:${text(about)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command verbs
    return
  fi
  verb=$words[2]
  shift words
  (( CURRENT-- ))
  case $verb in
${cases.join('\n')}
  esac
}
compdef __${program} ${program}
`;
}

function fish(program: string, verbs: readonly Verb[]): string {
  const text = (about: string): string => `'${about.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  return [
    `# TAB for ${program} in fish: ${program} completion fish | source`,
    `complete -c ${program} -f`,
    ...verbs.flatMap(({ name, about, options, values }) => {
      const within = `complete -c ${program} -n '__fish_seen_subcommand_from ${name}'`;
      return [
        `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${text(about)}`,
        ...(values.length > 0 ? [`${within} -a '${values.join(' ')}'`] : []),
        ...options.map(({ long, short, about: what, value }) => {
          const action =
            value === 'none'
              ? ''
              : value === 'file'
                ? ' -r -F'
                : value === 'any'
                  ? ' -x'
                  : ` -x -a '${value.join(' ')}'`;
          return `${within} -l ${long.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}${action} -d ${text(what)}`;
        }),
      ];
    }),
    '',
  ].join('\n');
}
