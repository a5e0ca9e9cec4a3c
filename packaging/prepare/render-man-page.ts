// Fills in what a template of packaging/man leaves open, so that the pages cannot say other than the command and docs/ do:
//
//   @VERSION@ @DATE@            of this package
//   .\" @commands               every command with usage, description and options
//   .\" @options pgtoken serve  the options of one command
//   .\" @module-options         the options of pam_pgtoken.so, from docs/start/pam.md
//   .\" @keys                   the keys of issuers.yaml, from docs/reference/configuration.md
import { flatten, type CommandHelp, type HelpItem } from './read-help.ts';
import { readTables } from './read-tables.ts';
import { roffCode, roffExample, roffItem, roffText } from './roff.ts';

/** What the pages are made from. */
export interface ManPageSources {
  readonly version: string;
  /** Of the changelog's newest entry, `2026-01-31`. */
  readonly date: string;
  readonly help: CommandHelp;
  /** docs/reference/configuration.md. */
  readonly configuration: string;
  /** docs/start/pam.md. */
  readonly pam: string;
}

/** @returns the page, or throws where the template asks for something that is not there */
export function renderManPage(template: string, sources: ManPageSources): string {
  return template
    .replaceAll('@VERSION@', sources.version)
    .replaceAll('@DATE@', sources.date)
    .replaceAll(/^\.\\" @(\S+)(?: (.+))?$/gm, (line, name: string, argument?: string) => {
      switch (name) {
        case 'commands':
          return flatten(sources.help).slice(1).flatMap(renderCommand).join('\n');
        case 'options':
          return findCommand(sources.help, argument ?? '')
            .options.map(renderItem)
            .join('\n');
        case 'module-options':
          return renderModuleOptions(sources.pam);
        case 'keys':
          return renderKeys(sources.configuration);
        default:
          throw new Error(`a man page asks for ${line}, which nobody makes`);
      }
    });
}

function findCommand(help: CommandHelp, name: string): CommandHelp {
  const found = flatten(help).find((command) => command.name === name);
  if (found === undefined) {
    throw new Error(`a man page asks for the options of ${name}, which is no command`);
  }
  return found;
}

function renderCommand(command: CommandHelp): readonly string[] {
  // A group says nothing that its commands do not.
  if (command.commands.length > 0) {
    return [];
  }
  return [
    `.SS ${roffCode(command.usage)}`,
    command.description.map(roffText).join('\n.PP\n'),
    ...command.arguments.map(renderItem),
    ...command.options.filter(({ term }) => !term.endsWith('--help')).map(renderItem),
    ...(command.after === '' ? [] : ['.PP', ...renderAfter(command.after)]),
  ];
}

/** Text, and the indented lines of an example. */
function renderAfter(text: string): readonly string[] {
  return text
    .split(/\n(?=\S)|(?<=^\S.*)\n(?= )/m)
    .map((part) =>
      part.startsWith(' ') ? roffExample(part.replaceAll(/^ +/gm, '')) : roffText(part),
    );
}

function renderItem({ term, text }: HelpItem): string {
  return roffItem(term, roffText(text === '' ? '.' : asSentence(text)));
}

function asSentence(text: string): string {
  // The name of a file stays as it is.
  const sentence = /^\w+\.\w/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.)]$/.test(sentence) ? sentence : `${sentence}.`;
}

function renderModuleOptions(page: string): string {
  const section = readTables(page).find(({ title }) => title === 'Options');
  if (section === undefined) {
    throw new Error('docs/start/pam.md has no table of options');
  }
  return section.rows
    .map(([option = '', initial = '', meaning = '']) =>
      roffItem(
        code(option),
        roffText(initial === '' ? meaning : `${meaning} Default: ${initial}.`),
      ),
    )
    .join('\n');
}

function renderKeys(page: string): string {
  const sections = readTables(page)
    .map(({ title, rows }) => ({
      title,
      keys: rows.filter(([key = '', ...cells]) => /^`[\w[\].]+`$/.test(key) && cells.length === 3),
    }))
    .filter(({ keys }) => keys.length > 0);
  if (sections.length === 0) {
    throw new Error('docs/reference/configuration.md has no table of keys');
  }
  return sections
    .flatMap(({ title, keys }) => [
      `.SS ${roffText(title.replaceAll('`', ''))}`,
      ...keys.map(([key = '', type = '', initial = '', meaning = '']) =>
        roffItem(
          code(key),
          roffText(`${asSentence(type)} ${describeDefault(initial)}`),
          roffText(meaning),
        ),
      ),
    ])
    .join('\n');
}

function describeDefault(initial: string): string {
  switch (initial) {
    case 'required':
      return 'Required.';
    case 'none':
      return 'No default.';
    default:
      return `Default: ${initial}.`;
  }
}

/** A cell that is one span of code, without its marks. */
function code(cell: string): string {
  return cell.replaceAll('`', '');
}
