// The completion of bash, zsh and fish: a table of what may follow each command, made from --help, in the frames that
// packaging/completion gives.
import { flatten, type CommandHelp, type HelpItem } from './read-help.ts';

/** Shells that there is a frame for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
/** One of them. */
export type Shell = (typeof SHELLS)[number];

/** Options that take a name of issuers.yaml or of the host, with what `pgtoken __complete` calls it. */
const NAMES: Readonly<Record<string, string>> = {
  '--entry': 'entries',
  '--role': 'roles',
  '--server': 'servers',
  '--service': 'services',
};

/** @param template the frame, with a line `# @commands` where the table goes */
export function renderCompletion(
  template: string,
  help: CommandHelp,
  shell: Shell = 'bash',
): string {
  const render = { bash: renderBash, zsh: renderZsh, fish: renderFish }[shell];
  const table = flatten(help).map(render).join('\n');
  const rendered = template.replace(/^ *# @commands$/m, () => table);
  if (rendered === template) {
    throw new Error('the frame of the completion has no line "# @commands"');
  }
  return rendered;
}

/** What may follow a command. */
interface Row {
  readonly subcommands: readonly { readonly name: string; readonly text: string }[];
  readonly options: readonly Option[];
  /** Whether it takes files as they are. */
  readonly files: boolean;
  /** What else it takes, as `pgtoken __complete` calls it. */
  readonly names: string | undefined;
}

interface Option {
  readonly name: string;
  readonly text: string;
  readonly takes: 'nothing' | 'file' | 'folder' | 'text' | { readonly names: string };
}

function rowOf(command: CommandHelp): Row {
  const takes = (pattern: RegExp): boolean =>
    command.arguments.some(({ term }) => pattern.test(term));
  return {
    subcommands: command.commands.map(({ name, description }) => ({
      name: name.split(' ').at(-1) ?? '',
      text: firstSentence(description[0] ?? ''),
    })),
    options: command.options.map(optionOf),
    files: takes(/file/),
    names: takes(/kind/) ? 'kinds' : undefined,
  };
}

function optionOf({ term, text }: HelpItem): Option {
  const name = /--[\w-]+/.exec(term)?.[0] ?? '';
  const names = NAMES[name];
  const takesText = /<[^>]+>/.test(term);
  return {
    name,
    text: firstSentence(text),
    takes: /<(?:file|path)>/.test(term)
      ? 'file'
      : /<folder>/.test(term)
        ? 'folder'
        : takesText && names !== undefined
          ? { names }
          : takesText
            ? 'text'
            : 'nothing',
  };
}

function firstSentence(text: string): string {
  return text.split(/[;(:]|\. /)[0]?.trim() ?? '';
}

function renderBash(command: CommandHelp): string {
  const { subcommands, options, files, names } = rowOf(command);
  const words = [...subcommands, ...options].map(({ name }) => name);
  const taking = (takes: Option['takes']): string =>
    options
      .filter((one) => one.takes === takes)
      .map(({ name }) => name)
      .join(' ');
  const ofNames = options.flatMap(({ name, takes }) =>
    typeof takes === 'object' ? [`${name}:${takes.names}`] : [],
  );
  return [
    `    '${command.name}')`,
    `      words='${words.join(' ')}'`,
    `      files=${files ? 'yes' : ''}`,
    `      names=${names ?? ''}`,
    `      of_file='${taking('file')}'`,
    `      of_folder='${taking('folder')}'`,
    `      of_names='${ofNames.join(' ')}'`,
    `      of_text='${taking('text')}'`,
    '      ;;',
  ].join('\n');
}

function renderZsh(command: CommandHelp): string {
  const { subcommands, options } = rowOf(command);
  const described = [...subcommands, ...options].map(
    ({ name, text }) => `        ${quoteWord(`${name}:${text}`)}`,
  );
  return renderBash(command).replace(
    /^ {6}words='.*'$/m,
    () => `      words_of=(\n${described.join('\n')}\n      )`,
  );
}

function renderFish(command: CommandHelp): string {
  const { subcommands, options, files, names } = rowOf(command);
  const start = `complete -c pgtoken -n ${quoteWord(`__pgtoken_at ${quoteInner(command.name)}`)}`;
  return [
    `set -a __pgtoken_commands ${quoteWord(command.name)}`,
    ...subcommands.map(({ name, text }) => `${start} -a ${name} -d ${quoteWord(text)}`),
    ...(names === undefined ? [] : [`${start} -a '(__pgtoken_names ${names})'`]),
    ...(files ? [`${start} -F`] : []),
    ...options.map(({ name, text, takes }) => {
      const option = `${start} -l ${name.slice(2)} -d ${quoteWord(text)}`;
      switch (takes) {
        case 'nothing':
          return option;
        case 'file':
          return `${option} -r -F`;
        case 'folder':
          return `${option} -x -a '(__fish_complete_directories)'`;
        case 'text':
          return `${option} -x`;
        default:
          return `${option} -x -a '(__pgtoken_names ${takes.names})'`;
      }
    }),
  ].join('\n');
}

/** In single quotes, as zsh and fish read them alike where there is none inside. */
function quoteWord(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}

function quoteInner(text: string): string {
  return `"${text}"`;
}
