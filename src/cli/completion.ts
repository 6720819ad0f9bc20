import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * A script that completes commands and options in a shell. It has all words in it: a TAB starts no
 * process, and evaluates nothing of what is typed.
 */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = listNodes(program, []);
  return { bash, zsh, fish }[shell](program.name(), nodes);
}

interface Word {
  readonly text: string;
  readonly description: string;
}

interface Node {
  /** The commands before the cursor, such as `import esco`; empty for the program itself. */
  readonly path: string;
  /** What may come next: commands, or the values of an argument. */
  readonly commands: readonly Word[];
  readonly options: readonly (Word & { readonly takes: 'nothing' | 'file' | 'value' })[];
}

function listNodes(command: Command, names: readonly string[]): Node[] {
  const help = command.createHelp();
  // Without those that are hidden.
  const children = help.visibleCommands(command);
  const node = {
    path: names.join(' '),
    commands: [
      ...children.map((child) => ({ text: child.name(), description: child.description() })),
      ...command.registeredArguments
        .flatMap(({ argChoices = [] }) => argChoices)
        .map((text) => ({ text, description: '' })),
    ],
    options: help.visibleOptions(command).flatMap((option) => {
      const { long, description } = option;
      return long ? [{ text: long, description, takes: takesOf(option) }] : [];
    }),
  };
  return [node, ...children.flatMap((child) => listNodes(child, [...names, child.name()]))];
}

function takesOf({ required, optional, flags }: Option): 'nothing' | 'file' | 'value' {
  if (!required && !optional) return 'nothing';
  return flags.includes('<path>') ? 'file' : 'value';
}

/** Single quotes mean the same in all three. */
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The options of any command that want a word after them, as a pattern of `case`. */
function optionsThatTake(nodes: readonly Node[], wanted: 'file' | 'value'): string {
  const all = nodes.flatMap(({ options }) => options.filter(({ takes }) => takes === wanted));
  return [...new Set(all.map(({ text }) => text))].join('|');
}

/** What moves on to a command's own words, as a pattern of `case` on the path and a word. */
function steps(nodes: readonly Node[]): string {
  const paths = nodes.map(({ path }) => path).filter((path) => path !== '');
  return paths.map((path) => quote(path.includes(' ') ? path : ` ${path}`)).join('|');
}

function bash(name: string, nodes: readonly Node[]): string {
  const words = ({ commands, options }: Node) =>
    [...commands, ...options].map(({ text }) => text).join(' ');
  return `# ${name} for bash: eval "$(${name} completion bash)"
_azora_db() {
  local at='' choices='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${steps(nodes)}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;
    esac
  done
  COMPREPLY=()
  case "\${COMP_WORDS[COMP_CWORD - 1]}" in
    ${optionsThatTake(nodes, 'file')}|${optionsThatTake(nodes, 'value')}) return ;;
  esac
  case "$at" in
${nodes.map((node) => `    ${quote(node.path)}) choices=${quote(words(node))} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$choices" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
# Where there is nothing to offer, the names of files.
complete -o default -F _azora_db ${name}`;
}

function zsh(name: string, nodes: readonly Node[]): string {
  const described = ({ commands, options }: Node) =>
    [...commands, ...options]
      .map(({ text, description }) => quote(`${text}:${description.replaceAll(':', '\\:')}`))
      .join(' ');
  return `#compdef ${name}
# ${name} for zsh: source <(${name} completion zsh)
_azora_db() {
  local at='' i
  local -a choices
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      (${steps(nodes)}) at="\${at:+$at }\${words[i]}" ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
    (${optionsThatTake(nodes, 'file')}) _files; return ;;
    (${optionsThatTake(nodes, 'value')}) return ;;
  esac
  case "$at" in
${nodes.map((node) => `    (${quote(node.path)}) choices=(${described(node)}) ;;`).join('\n')}
  esac
  _describe ${name} choices || _files
}
compdef _azora_db ${name}`;
}

function fish(name: string, nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const last = path.split(' ').at(-1) ?? '';
    const inside = `__fish_seen_subcommand_from ${last}`;
    const below = commands.map(({ text }) => text).join(' ');
    const here = path === '' ? '__fish_use_subcommand' : inside;
    const undecided =
      path === '' ? here : `${inside}; and not __fish_seen_subcommand_from ${below}`;
    return [
      ...commands.map(
        ({ text, description }) =>
          `complete -c ${name} -f -n ${quote(undecided)} -a ${text} -d ${quote(description)}`,
      ),
      ...options.map(({ text, description, takes }) => {
        const value = { nothing: '', file: ' -r', value: ' -x' }[takes];
        const long = text.replace(/^--/, '');
        return `complete -c ${name}${value} -n ${quote(here)} -l ${long} -d ${quote(description)}`;
      }),
    ];
  });
  return `# ${name} for fish: ${name} completion fish | source\n${lines.join('\n')}`;
}
