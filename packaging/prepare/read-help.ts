// What the command says about itself in --help, as data: the one source of the man pages and of the completion.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** An option, an argument or a command with what is said about it. */
export interface HelpItem {
  /** As written: `--config <file>`, `[file]`, `keys [options]`. */
  readonly term: string;
  readonly text: string;
}

/** The help of one command. */
export interface CommandHelp {
  /** `pgtoken serve`; `pgtoken` for the program itself. */
  readonly name: string;
  readonly usage: string;
  readonly description: readonly string[];
  readonly arguments: readonly HelpItem[];
  readonly options: readonly HelpItem[];
  /** Without the command `help` that every group has. */
  readonly commands: readonly CommandHelp[];
  /** What follows the lists, as it stands. */
  readonly after: string;
}

/** Reads the help of the checkout's command and of all commands below it. */
export function readHelp(checkout: string): CommandHelp {
  return readCommand((words) =>
    execFileSync(join(checkout, 'bin', 'pgtoken'), [...words, '--help'], {
      encoding: 'utf8',
      timeout: 60_000,
    }),
  );
}

/** All commands from this one down, in the order of the help. */
export function flatten(command: CommandHelp): readonly CommandHelp[] {
  return [command, ...command.commands.flatMap(flatten)];
}

/** @param help prints the help of the command with these words */
export function readCommand(
  help: (words: readonly string[]) => string,
  words: readonly string[] = [],
): CommandHelp {
  const parsed = parseHelp(help(words));
  const names = parsed.commands
    .map(({ term }) => term.split(' ')[0] ?? '')
    .filter((name) => name !== 'help');
  return {
    ...parsed,
    name: ['pgtoken', ...words].join(' '),
    commands: names.map((name) => readCommand(help, [...words, name])),
  };
}

const LISTS = ['Arguments', 'Options', 'Commands'];

interface ParsedHelp extends Omit<CommandHelp, 'name' | 'commands'> {
  readonly commands: readonly HelpItem[];
}

function parseHelp(text: string): ParsedHelp {
  const [usage = '', ...blocks] = text.trimEnd().split('\n\n');
  const first = blocks.findIndex(isList);
  const last = blocks.findLastIndex(isList);
  if (!usage.startsWith('Usage: ') || first === -1) {
    throw new Error(`this is no help of a command: ${text}`);
  }
  const list = (name: string): readonly HelpItem[] => {
    const [, items = ''] =
      blocks.find((block) => block.startsWith(`${name}:\n`))?.split(/^\w+:\n/) ?? [];
    return parseItems(items);
  };
  return {
    usage: usage.slice('Usage: '.length),
    description: blocks.slice(0, first).map((block) => block.replaceAll('\n', ' ')),
    arguments: list('Arguments'),
    options: list('Options'),
    commands: list('Commands'),
    after: blocks.slice(last + 1).join('\n\n'),
  };
}

function isList(block: string): boolean {
  return LISTS.some((name) => block.startsWith(`${name}:\n`));
}

/** `  --group <group>   who may …`, with lines that go on further in. */
function parseItems(list: string): readonly HelpItem[] {
  return list
    .replaceAll(/\n {4,}/g, ' ')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, term = '', text = ''] = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
      return { term, text };
    });
}
