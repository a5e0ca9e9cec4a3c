// What README.md tells an administrator to do, taken from README.md itself, so that the tests do exactly that.
import { parsePage, readPage } from '../../docs/read-markdown.ts';

export interface ReadmeSteps {
  /** The first command: it installs the package. */
  readonly install: string;
  /** The files of the example with their texts, by the path that README.md gives them. */
  readonly files: ReadonlyMap<string, string>;
  /** The commands after the files are written. */
  readonly finish: readonly string[];
  /** The command of the client. */
  readonly login: string;
}

/** Throws where README.md no longer has these parts. */
export function readReadmeSteps(): ReadmeSteps {
  const { sections } = readPage('README.md');
  const example = parsePage(sections.get('An example') ?? '');
  const [install, ...finish] = parsePage(sections.get('Install') ?? '')
    .blocks.filter(({ language }) => language === 'sh')
    .map(({ text }) => text);
  const [login] = example.blocks
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text);
  // A block that is no command is the text of the file that the line above it begins with.
  const files = new Map(
    [...example.text.matchAll(/^`([^`]+)` [^\n]*(?:\n[^\n]+)*\n\n```(?:yaml)?\n(.*?)^```$/gms)].map(
      ([, path = '', text = '']) => [path, text] as const,
    ),
  );
  if (install === undefined || finish.length === 0 || login === undefined || files.size !== 3) {
    throw new Error('README.md does not say how to install and log in');
  }
  return { install, files, finish, login };
}
