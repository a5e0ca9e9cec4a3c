// The completion of bash: a table of what may follow each command, made from --help, in the frame that
// packaging/completion/pgtoken.bash gives.
import { flatten, type CommandHelp } from './read-help.ts';

/** @param template the frame, with a line `# @commands` where the table goes */
export function renderCompletion(template: string, help: CommandHelp): string {
  const table = flatten(help).map(renderRow).join('\n');
  const rendered = template.replace(/^ *# @commands$/m, () => table);
  if (rendered === template) {
    throw new Error('the frame of the completion has no line "# @commands"');
  }
  return rendered;
}

function renderRow(command: CommandHelp): string {
  const words = [
    ...command.commands.map(({ name }) => name.split(' ').at(-1) ?? ''),
    ...command.options.map(({ term }) => /--[\w-]+/.exec(term)?.[0] ?? ''),
  ];
  const files = command.arguments.some(({ term }) => /file/.test(term));
  const valued = (kind: RegExp): string =>
    command.options
      .filter(({ term }) => kind.test(term))
      .map(({ term }) => /--[\w-]+/.exec(term)?.[0] ?? '')
      .join(' ');
  return [
    `    '${command.name}')`,
    `      words='${words.join(' ')}'`,
    `      files=${files ? 'yes' : ''}`,
    `      of_file='${valued(/<(?:file|path)>/)}'`,
    `      of_folder='${valued(/<folder>/)}'`,
    `      of_text='${valued(/<(?!file|path|folder)[^>]+>/)}'`,
    '      ;;',
  ].join('\n');
}
