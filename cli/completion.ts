/**
 * `diagnose completion SHELL`: scripts made from the commands and options as
 * they are defined, so that they cannot fall behind. Files complete as usual,
 * also after `VANTAGE=`.
 */
import { readdirSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { CAUSE_IDS, CLIENTS, OUTCOMES } from '../analyzer/index.ts';
import { packagePath } from './package-files.ts';
import { UserError } from './user-error.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** What can follow a command or an option, by its name; files where nothing is said. */
const VALUES: Record<string, readonly string[]> = {
  explain: CAUSE_IDS,
  completion: SHELLS,
  '--fail-on': OUTCOMES,
  '--client': CLIENTS.map(({ id }) => id),
};
/** Options that take a file or folder. */
const FILES: readonly string[] = [
  '--output',
  '--annotate',
  '--journal',
  '--data',
  '--token-file',
  '--config',
  '--out',
  '--keep-failed',
  '--html',
  '--to',
  '--folder',
];
/** Options that may be given again. */
const REPEATABLE: readonly string[] = ['--journal', '--allow-host', '--interface', '--vantage', '--client'];

/** @throws UserError `usage` for an unknown shell */
export function completionScript(shell: string, program: Command): string {
  switch (shell) {
    case 'bash':
      return bashScript(program);
    case 'zsh':
      return zshScript(program);
    case 'fish':
      return fishScript(program);
    default:
      throw new UserError('usage', `no completion for '${shell}'`, `shells: ${SHELLS.join(', ')}`);
  }
}

function bashScript(program: Command): string {
  const values = [...valueOptions(program), ...Object.entries(VALUES)];
  const cases = [
    ...values.map(
      ([name, values]) => `    ${name}) COMPREPLY=($(compgen -W "${values.join(' ')}" -- "$cur")); return ;;`,
    ),
    // A group may have options of its own.
    ...groupsOf(program).map(
      ([name, below]) =>
        `    ${name}) [[ "$cur" == -* ]] || { COMPREPLY=($(compgen -W "${below.join(' ')}" -- "$cur")); return; } ;;`,
    ),
  ];
  return `# diagnose completion bash: add to ~/.bashrc: source <(diagnose completion bash)
_diagnose() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  case "$prev" in
${cases.join('\n')}
  esac
  local options="${words(optionsOf(program))}"
  case "\${COMP_WORDS[1]}" in
${ownOptions(program)
  .map(({ name, options }) => `    ${name}) options="${words(options)}" ;;`)
  .join('\n')}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${commandsOf(program)
      .map(({ name }) => name)
      .join(' ')}" -f -- "$cur"))
  elif [[ "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" == 'lab run' ]]; then
    COMPREPLY=($(compgen -W "${scenarioNames().join(' ')}" -f -- "$cur"))
  fi
}
complete -o default -F _diagnose diagnose
`;
}

const words = (options: readonly Option[]): string => options.flatMap(flagsOf).join(' ');

function zshScript(program: Command): string {
  const commands = commandsOf(program).map(
    ({ name, description }) => `      '${name}:${quote(description)}'`,
  );
  const cases = Object.entries(VALUES)
    .filter(([name]) => !name.startsWith('-'))
    .map(([name, values]) => `    ${name}) _values '${name}' ${values.join(' ')} ; return ;;`);
  const groups = new Map(groupsOf(program));
  const own = ownOptions(program).map(({ name, options }) => {
    const below = groups.get(name);
    const first = below
      ? `if (( CURRENT == 3 )) && [[ "\${words[3]}" != -* ]]; then _values '${name}' ${below.join(' ')}; return; fi; `
      : '';
    const scenarios =
      name === 'lab' ? `[[ "\${words[3]}" == run ]] && compadd -- ${scenarioNames().join(' ')}; ` : '';
    return `    ${name}) ${first}${scenarios}${zshArguments(options)} ; return ;;`;
  });
  return `#compdef diagnose
# diagnose completion zsh: add to ~/.zshrc after compinit: source <(diagnose completion zsh)
_diagnose() {
  case "\${words[2]}" in
${[...cases, ...own].join('\n')}
  esac
  if (( CURRENT == 2 )) && [[ "\${words[2]}" != -* ]]; then
    local -a commands=(
${commands.join('\n')}
    )
    _describe command commands
  fi
  ${zshArguments(optionsOf(program))}
}
compdef _diagnose diagnose
`;
}

const zshArguments = (options: readonly Option[]): string =>
  ['_arguments -s', ...options.map(zshOption), "    '*:capture:_files'"].join(' \\\n');

function zshOption(option: Option): string {
  const [first, ...others] = flagsOf(option);
  const again = REPEATABLE.includes(option.long ?? '') ? '*' : '';
  const names =
    others.length > 0
      ? `'(${flagsOf(option).join(' ')})'{${[first, ...others].join(',')}}`
      : `'${again}${first}'`;
  return `    ${names}'[${quote(option.description)}]${zshValue(option)}'`;
}

function fishScript(program: Command): string {
  const commands = commandsOf(program).map(({ name, description }) => {
    return `complete -c diagnose -n __fish_use_subcommand -a ${name} -d '${quote(description)}'`;
  });
  const own = ownOptions(program);
  const names = own.map(({ name }) => name).join(' ');
  const options = [
    ...optionsOf(program).map((option) => fishOption(`not __fish_seen_subcommand_from ${names}`, option)),
    ...own.flatMap(({ name, options: some }) =>
      some.map((option) => fishOption(`__fish_seen_subcommand_from ${name}`, option)),
    ),
  ];
  const values = Object.entries(VALUES)
    .filter(([name]) => !name.startsWith('-'))
    .map(
      ([name, words]) =>
        `complete -c diagnose -n '__fish_seen_subcommand_from ${name}' -f -a '${words.join(' ')}'`,
    );
  const groups = groupsOf(program).map(([name, below]) => {
    const one = below.join(' ');
    return `complete -c diagnose -n '__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${one}' -f -a '${one}'`;
  });
  groups.push(
    `complete -c diagnose -n '__fish_seen_subcommand_from lab; and __fish_seen_subcommand_from run' -a '${scenarioNames().join(' ')}'`,
  );
  return `# diagnose completion fish > ~/.config/fish/completions/diagnose.fish\n${[...commands, ...options, ...values, ...groups].join('\n')}\n`;
}

function fishOption(condition: string, option: Option): string {
  const short = option.short ? ` -s ${option.short.slice(1)}` : '';
  const long = option.long ? ` -l ${option.long.slice(2)}` : '';
  const values = valuesOf(option);
  const value = values ? ` -x -a '${values.join(' ')}'` : option.required ? ' -r' : '';
  return `complete -c diagnose -n '${condition}'${short}${long}${value} -d '${quote(option.description)}'`;
}

/** Commands that have options of their own, beside the default one, and those options; of a group, those of all in it. */
const ownOptions = (program: Command): { name: string; options: Option[] }[] =>
  program.commands
    .filter((command) => command.name() !== 'analyze')
    .map((command) => ({
      name: command.name(),
      options: [command, ...command.commands]
        .flatMap(({ options }) => options)
        .filter(({ hidden }) => !hidden),
    }))
    .filter(({ options }) => options.length > 0)
    .map(({ name, options }) => ({ name, options: unique([...options, helpOption(program)]) }));

const unique = (options: readonly Option[]): Option[] => [
  ...new Map(options.map((option) => [option.long, option])).values(),
];

/** Commands that have others below them, and the names of those. */
const groupsOf = (program: Command): [string, readonly string[]][] =>
  program.commands
    .filter(({ commands }) => commands.length > 0)
    .map((group) => [group.name(), group.commands.map((command) => command.name())]);

/** Those that come with the package, as their files are named. */
function scenarioNames(): string[] {
  const folder = packagePath('lab', 'scenarios');
  const files = folder === null ? [] : readdirSync(folder);
  return files.flatMap((file) => /^([a-z0-9-]+)\.yaml$/.exec(file)?.[1] ?? []).sort();
}

const helpOption = (program: Command): Option => program.createOption('-h, --help', 'display help');

/** The options of the default command, which are also typed without its name, and those of the program. */
function optionsOf(program: Command): Option[] {
  const analyze = program.commands.find((command) => command.name() === 'analyze');
  return [...(analyze?.options ?? []), ...program.options, helpOption(program)];
}

const commandsOf = (program: Command): { name: string; description: string }[] =>
  program.commands.map((command) => ({ name: command.name(), description: command.description() }));

const flagsOf = ({ short, long }: Option): string[] => [short, long].filter((flag) => flag !== undefined);

const valuesOf = (option: Option): readonly string[] | undefined =>
  option.argChoices ?? VALUES[option.long ?? ''];

const valueOptions = (program: Command): [string, readonly string[]][] =>
  unique([...optionsOf(program), ...ownOptions(program).flatMap(({ options }) => options)]).flatMap(
    (option) => (option.argChoices ? [[option.long!, option.argChoices]] : []),
  );

function zshValue(option: Option): string {
  if (!option.required) return '';
  const values = valuesOf(option);
  if (values) return `:value:(${values.join(' ')})`;
  return FILES.includes(option.long ?? '') ? ':file:_files' : ':value:';
}

/** For single quotes in all three shells; brackets and colons mean something to zsh. */
const quote = (text: string): string => text.replace(/['[\]:]/g, '');
